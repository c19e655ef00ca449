"""Top-ups and withdrawals: the webhook decides, once, however it comes."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from notifications.models import Event, Notification
from payments import errors, services
from payments.gateways.testbank import TestBank
from payments.ledger import check_ledger, system_id, wallet_id
from payments.models import BankMove, GatewayEvent
from tests.payments.factories import balance, make_person
from tests.payments.test_races import at_once

pytestmark = pytest.mark.django_db

PAISE = 50_000
STRIPE_SECRET = "whsec_test"


@pytest.fixture(autouse=True)
def _gateways(settings: Any) -> None:
    settings.TEST_BANK = True


@pytest.fixture
def asha() -> User:
    return make_person("asha", paise=PAISE)


@pytest.fixture
def client(asha: User) -> Client:
    signed_in = Client()
    signed_in.force_login(asha)
    return signed_in


def top_up(user: User, gateway: str = "testbank", **fields: Any) -> BankMove:
    fields = {"amount_paise": PAISE, "key": str(uuid4()), "return_url": "http://testserver/", **fields}
    return services.start_top_up(user=user, gateway=gateway, **fields)


def withdraw(user: User, paise: int = PAISE) -> BankMove:
    return services.start_withdrawal(
        user=user, amount_paise=paise, gateway="testbank", key=str(uuid4()), return_url="http://testserver/"
    )


def post(call: tuple[dict[str, str], bytes], gateway: str = "testbank") -> Any:
    headers, body = call
    url = reverse("payments:webhook", args=[gateway])
    return Client().post(url, body, content_type="application/json", headers=headers)


def outcome_of(call: tuple[dict[str, str], bytes], gateway: str = "testbank") -> str:
    return post(call, gateway).json()["outcome"]


def webhook(move: BankMove, type_: str = "payment.paid", **fields: Any) -> tuple[dict[str, str], bytes]:
    return TestBank().webhook(move, type_, **fields)


def test_nothing_is_credited_before_the_webhook_and_then_once(asha: User) -> None:
    move = top_up(asha)
    assert balance(wallet_id(asha)) == PAISE
    call = webhook(move)
    for _ in range(3):
        assert outcome_of(call) == "handled"
    assert outcome_of(webhook(move)) == "ignored", "another event about the same payment"
    assert balance(wallet_id(asha)) == 2 * PAISE
    assert balance(system_id("bank")) == -2 * PAISE
    assert GatewayEvent.objects.get(event_id=call[0]["webhook-id"]).repeat_count == 2
    assert Notification.objects.filter(user=asha, kind="top_up_received").count() == 1
    assert check_ledger().faults == []


def test_a_declined_top_up_credits_nothing(asha: User) -> None:
    move = top_up(asha)
    assert outcome_of(webhook(move, "payment.failed")) == "handled"
    move.refresh_from_db()
    assert (move.state, balance(wallet_id(asha))) == ("failed", PAISE)


@pytest.mark.parametrize(("type_", "state"), [("payment.paid", "done"), ("payment.failed", "failed")])
def test_an_open_page_hears_of_the_banks_answer_once(asha: User, type_: str, state: str) -> None:
    move = top_up(asha)
    for _ in range(2):
        post(webhook(move, type_))
    news = Event.objects.filter(stream__name=f"wallet:{asha.pk}", type="bank_move.settled")
    assert [event.data for event in news] == [{"id": str(move.pk), "state": state}]


@pytest.mark.parametrize(
    ("types", "outcomes", "state"),
    [
        (["payment.paid", "payment.pending"], ["handled", "ignored"], "done"),
        (["payment.failed", "payment.paid"], ["handled", "handled"], "done"),
        (["payment.paid", "payment.failed"], ["handled", "unknown"], "done"),
        (["payment.pending"], ["ignored"], "pending"),
        (["payment.exploded"], ["unknown"], "pending"),
    ],
)
def test_out_of_order_the_paid_one_wins(asha: User, types: list[str], outcomes: list[str], state: str) -> None:
    move = top_up(asha)
    assert [outcome_of(webhook(move, type_)) for type_ in types] == outcomes
    move.refresh_from_db()
    assert move.state == state
    assert balance(wallet_id(asha)) == (2 if state == "done" else 1) * PAISE


def test_what_we_know_nothing_about_is_kept_for_staff(asha: User) -> None:
    move = top_up(asha)
    move.reference = "tb_nobody"
    assert outcome_of(webhook(move)) == "unknown"
    move.reference = BankMove.objects.get().reference
    move.amount_paise = PAISE + 1
    assert outcome_of(webhook(move)) == "unknown", "another amount than was asked for"
    assert GatewayEvent.objects.filter(outcome="unknown").count() == 2
    assert balance(wallet_id(asha)) == PAISE


@pytest.mark.parametrize("change", ["forged", "body", "old", "no signature", "no json"])
def test_a_forged_webhook_is_refused(asha: User, change: str) -> None:
    move = top_up(asha)
    headers, body = webhook(move, is_forged=change == "forged")
    if change == "body":
        body = body.replace(str(PAISE).encode(), b"99999999")
    elif change == "old":
        headers["webhook-timestamp"] = str(int(time.time()) - 600)
    elif change == "no signature":
        del headers["webhook-signature"]
    elif change == "no json":
        body = b"\xff"
    response = post((headers, body))
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_signature"
    assert not GatewayEvent.objects.exists()
    assert balance(wallet_id(asha)) == PAISE


def test_unknown_gateways_and_wrong_methods(asha: User, settings: Any) -> None:
    move = top_up(asha)
    assert post(webhook(move), "stripe").status_code == 404
    assert post(webhook(move), "nobody").status_code == 404
    assert Client().get(reverse("payments:webhook", args=["testbank"])).status_code == 405
    settings.TEST_BANK = False
    assert post(webhook(move)).status_code == 404
    with pytest.raises(errors.UnknownGateway):
        top_up(asha)


@pytest.mark.parametrize("paise", [0, -1, 999, 200_000_01])
def test_amounts_have_bounds(asha: User, paise: int) -> None:
    with pytest.raises(errors.InvalidAmount, match=r"Between ₹10.00 and ₹2,00,000.00"):
        top_up(asha, amount_paise=paise)


def test_the_same_key_is_one_top_up(asha: User) -> None:
    assert top_up(asha, key="k") == top_up(asha, key="k")
    with pytest.raises(errors.KeyReused):
        top_up(asha, key="k", amount_paise=PAISE + 1)


def test_a_withdrawal_leaves_at_once_and_is_settled_by_the_bank(asha: User) -> None:
    move = withdraw(asha)
    assert balance(wallet_id(asha)) == 0
    assert outcome_of(webhook(move)) == "handled"
    assert outcome_of(webhook(move, "payment.failed")) == "unknown"
    assert balance(wallet_id(asha)) == 0


def test_a_refused_withdrawal_comes_back_once(asha: User) -> None:
    move = withdraw(asha)
    assert outcome_of(webhook(move, "payment.failed")) == "handled"
    assert outcome_of(webhook(move, "payment.failed")) == "unknown"
    assert balance(wallet_id(asha)) == PAISE
    assert Notification.objects.filter(user=asha, kind="withdrawal_failed").count() == 1
    assert check_ledger().faults == []


def test_more_than_there_is_cannot_be_withdrawn(asha: User) -> None:
    with pytest.raises(errors.InsufficientFunds):
        withdraw(asha, PAISE + 1)
    assert not BankMove.objects.exists()


def test_in_the_browser(client: Client, asha: User) -> None:
    form = {"direction": "top_up", "amount": "500", "gateway": "testbank", "key": "k"}
    page = client.post(reverse("payments:bank"), form, follow=True).content.decode()
    move = BankMove.objects.get()
    assert "Waiting" in page
    assert "payments/bank_move.js" in page
    assert reverse("payments:testbank", args=[move.reference]) in page
    assert "No real money" in client.get(reverse("payments:testbank", args=[move.reference])).content.decode()
    post(webhook(move))
    settled = client.get(reverse("payments:bank_move", args=[move.pk])).content.decode()
    assert "Done" in settled
    assert "payments/bank_move.js" not in settled
    assert client.post(reverse("payments:bank"), {**form, "amount": "5", "key": "l"}).status_code == 422


def test_anothers_move_is_not_found(client: Client) -> None:
    move = top_up(make_person("ravi"))
    assert client.get(reverse("payments:bank_move", args=[move.pk])).status_code == 404
    assert client.get(reverse("payments:testbank", args=[move.reference])).status_code == 404
    assert Client().get(reverse("payments:bank")).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_storm_of_the_same_webhook_credits_once(asha: User) -> None:
    move = top_up(asha)
    calls = [webhook(move), webhook(move)]

    def receive(number: int) -> Any:
        headers, body = calls[number % 2]
        return services.receive_webhook(gateway="testbank", headers=headers, body=body).outcome

    at_once(receive, 30)
    assert balance(wallet_id(asha)) == 2 * PAISE
    assert GatewayEvent.objects.count() == 2
    assert sum(GatewayEvent.objects.values_list("repeat_count", flat=True)) == 28


@pytest.mark.parametrize(
    ("manner", "answer", "paise", "events"),
    [
        ("", "approve", 2 * PAISE, 1),
        ("twice", "approve", 2 * PAISE, 1),
        ("out_of_order", "approve", 2 * PAISE, 2),
        ("forged", "approve", PAISE, 0),
        ("", "decline", PAISE, 1),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_the_test_banks_page_calls_back(
    daphne: Any, asha: User, manner: str, answer: str, paise: int, events: int
) -> None:
    client = Client()
    client.force_login(asha)
    move = top_up(asha)
    host = daphne.url.removeprefix("http://")
    url = reverse("payments:testbank", args=[move.reference])
    client.post(url, {"answer": answer, "manner": manner}, headers={"host": host})
    end = time.monotonic() + 8
    while time.monotonic() < end and GatewayEvent.objects.count() < events:
        time.sleep(0.05)
    time.sleep(0.3 if events == 0 else 0)
    assert GatewayEvent.objects.count() == events
    assert balance(wallet_id(asha)) == paise


# --- Stripe ------------------------------------------------------------------------------------------------


class _Stripe(BaseHTTPRequestHandler):
    """Answers as Stripe's API did when it was recorded, with the ids changed."""

    seen: list[tuple[str, dict[str, str], str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.seen.append((self.path, dict(self.headers), body))
        answer = {
            "id": "cs_test_a1B2",
            "object": "checkout.session",
            "amount_total": PAISE,
            "currency": "inr",
            "payment_status": "unpaid",
            "status": "open",
            "url": "https://checkout.stripe.com/c/pay/cs_test_a1B2",
        }
        body_bytes = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body_bytes)))
        self.end_headers()
        self.wfile.write(body_bytes)

    def log_message(self, *args: Any) -> None:
        return


@pytest.fixture
def stripe_api(settings: Any) -> Iterator[list]:
    server = HTTPServer(("127.0.0.1", 0), _Stripe)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    _Stripe.seen.clear()
    settings.STRIPE_API_KEY = "sk_test_key"
    settings.STRIPE_WEBHOOK_SECRET = STRIPE_SECRET
    settings.STRIPE_API_BASE = f"http://127.0.0.1:{server.server_port}"
    yield _Stripe.seen
    server.shutdown()
    thread.join()
    server.server_close()


def stripe_event(type_: str, *, secret: str = STRIPE_SECRET, at: int | None = None, **session: Any) -> tuple:
    """Signed as https://docs.stripe.com/webhooks#verify-manually says."""
    session = {"id": "cs_test_a1B2", "object": "checkout.session", "amount_total": PAISE, **session}
    body = json.dumps(
        {"id": f"evt_{uuid4().hex}", "object": "event", "type": type_, "data": {"object": session}}
    ).encode()
    at = at or int(time.time())
    signature = hmac.new(secret.encode(), b"%d.%s" % (at, body), hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={signature}"}, body


def test_stripe_checkout_is_asked_for_the_amount_once(asha: User, stripe_api: list) -> None:
    move = top_up(asha, "stripe")
    assert (move.reference, move.checkout_url) == ("cs_test_a1B2", "https://checkout.stripe.com/c/pay/cs_test_a1B2")
    path, headers, body = stripe_api[0]
    assert path == "/v1/checkout/sessions"
    assert headers["Idempotency-Key"] == str(move.pk)
    assert f"unit_amount]={PAISE}" in body
    assert "inr" in body


@pytest.mark.parametrize(
    ("type_", "session", "outcome", "paise"),
    [
        ("checkout.session.completed", {"payment_status": "paid"}, "handled", 2 * PAISE),
        ("checkout.session.completed", {"payment_status": "unpaid"}, "ignored", PAISE),
        ("checkout.session.async_payment_succeeded", {}, "handled", 2 * PAISE),
        ("checkout.session.async_payment_failed", {}, "handled", PAISE),
        ("checkout.session.expired", {}, "handled", PAISE),
        ("charge.dispute.created", {}, "unknown", PAISE),
        ("checkout.session.completed", {"payment_status": "paid", "amount_total": 1}, "unknown", PAISE),
        ("checkout.session.completed", {"payment_status": "paid", "id": "cs_other"}, "unknown", PAISE),
    ],
)
def test_stripes_events(asha: User, stripe_api: list, type_: str, session: dict, outcome: str, paise: int) -> None:
    top_up(asha, "stripe")
    call = stripe_event(type_, **session)
    assert [outcome_of(call, "stripe") for _ in range(2)] == [outcome, outcome]
    assert balance(wallet_id(asha)) == paise


@pytest.mark.parametrize("fault", ["secret", "old", "unset"])
def test_stripes_forged_events_are_refused(asha: User, stripe_api: list, settings: Any, fault: str) -> None:
    top_up(asha, "stripe")
    secret = "whsec_other" if fault == "secret" else STRIPE_SECRET
    at = int(time.time()) - 600 if fault == "old" else None
    if fault == "unset":
        settings.STRIPE_WEBHOOK_SECRET = ""
    call = stripe_event("checkout.session.completed", secret=secret, at=at, payment_status="paid")
    assert post(call, "stripe").status_code == 400
    assert balance(wallet_id(asha)) == PAISE


def test_a_stripe_that_does_not_answer_is_said_and_tried_again(asha: User, stripe_api: list, settings: Any) -> None:
    good, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"
    with pytest.raises(errors.GatewayUnavailable):
        top_up(asha, "stripe", key="k")
    settings.STRIPE_API_BASE = good
    assert top_up(asha, "stripe", key="k").reference == "cs_test_a1B2"
    assert BankMove.objects.count() == 1


def test_stripe_does_not_pay_out(asha: User, stripe_api: list) -> None:
    with pytest.raises(errors.UnknownGateway):
        services.start_withdrawal(user=asha, amount_paise=PAISE, gateway="stripe", key="k", return_url="/")
