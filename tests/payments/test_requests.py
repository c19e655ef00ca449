"""Asking for money, sharing a bill, reversing."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from notifications.models import Notification
from payments import errors, queries, services
from payments.ledger import Order, check_ledger, hold_id, wallet_id
from payments.models import MoneyRequest, Transfer
from tests.payments.factories import balance, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> User:
    return make_person("asha", paise=100_000)


@pytest.fixture
def ravi() -> User:
    return make_person("ravi", paise=100_000)


def ask(asker: User, payer: User, paise: int = 5_000) -> MoneyRequest:
    return services.ask_for_money(asker=asker, payer=payer, amount_paise=paise, key=str(uuid4()), note="chai")


def told(user: User, kind: str) -> int:
    return Notification.objects.filter(user=user, kind=kind).count()


def test_a_request_is_paid_through_the_confirmation(asha: User, ravi: User, browser_of: Any) -> None:
    request = ask(asha, ravi)
    assert told(ravi, "money_requested") == 1
    client = browser_of(ravi)
    accepted = client.post(reverse("payments:accept_request", args=[request.pk]))
    assert "₹50.00" in client.get(accepted.headers["Location"]).content.decode()
    assert balance(wallet_id(asha)) == 100_000
    client.post(accepted.headers["Location"])
    assert balance(wallet_id(asha)) == 105_000
    request.refresh_from_db()
    assert request.state == "paid"
    again = client.post(reverse("payments:accept_request", args=[request.pk]), follow=True)
    assert "closed already" in again.content.decode()


def test_a_request_is_declined_or_taken_back_once(asha: User, ravi: User, browser_of: Any) -> None:
    declined, cancelled = ask(asha, ravi), ask(asha, ravi)
    browser_of(ravi).post(reverse("payments:decline_request", args=[declined.pk]))
    browser_of(asha).post(reverse("payments:cancel_request", args=[cancelled.pk]))
    assert [MoneyRequest.objects.get(pk=one.pk).state for one in (declined, cancelled)] == ["declined", "cancelled"]
    assert told(asha, "request_declined") == 1
    for one in (declined, cancelled):
        with pytest.raises(errors.RequestClosed):
            services.accept_request(payer=ravi, request_id=one.pk)
        with pytest.raises(errors.RequestClosed):
            services.cancel_request(asker=asha, request_id=one.pk)


def test_a_request_declined_after_its_yes_was_drafted_is_not_paid(asha: User, ravi: User) -> None:
    request = ask(asha, ravi)
    draft = services.accept_request(payer=ravi, request_id=request.pk)
    services.decline_request(payer=ravi, request_id=request.pk)
    with pytest.raises(errors.RequestClosed):
        services.confirm_draft(payer=ravi, draft_id=draft.pk)
    assert balance(wallet_id(asha)) == 100_000


def test_only_its_two_people_can_answer_a_request(asha: User, ravi: User, browser_of: Any) -> None:
    request = ask(asha, ravi)
    zoya = browser_of(make_person("zoya"))
    for name in ("accept_request", "decline_request", "cancel_request"):
        assert zoya.post(reverse(f"payments:{name}", args=[request.pk])).status_code == 404
        assert zoya.get(reverse(f"payments:{name}", args=[request.pk])).status_code == 405
    assert browser_of(asha).post(reverse("payments:accept_request", args=[request.pk])).status_code == 404
    assert browser_of(ravi).post(reverse("payments:cancel_request", args=[request.pk])).status_code == 404


def test_asking_in_the_browser(asha: User, ravi: User, browser_of: Any) -> None:
    client, url = browser_of(asha), reverse("payments:requests")
    page = client.post(url, {"recipient": "ravi", "amount": "50", "note": "chai", "key": "k"}, follow=True)
    assert "Asked ravi for ₹50.00" in page.content.decode()
    assert client.post(url, {"recipient": "asha", "amount": "50", "key": "l"}).status_code == 422
    changed = client.post(url, {"recipient": "ravi", "amount": "51", "note": "chai", "key": "k"})
    assert "sent before with other details" in changed.content.decode()
    assert MoneyRequest.objects.count() == 1


def test_a_bill_is_split_to_the_last_paisa(asha: User, ravi: User, browser_of: Any) -> None:
    people = [ravi, make_person("meera", phone="+919812345603"), make_person("kabir")]
    split = services.split_bill(creator=asha, people=people, total_paise=1_003, key="k", note="Lunch", place="General")
    shares = list(split.requests.order_by("created_at").values_list("amount_paise", flat=True))
    assert shares == [251, 251, 251]
    assert 1_003 - sum(shares) == 250, "the creator's own share"
    same = services.split_bill(creator=asha, people=people, total_paise=1_003, key="k", note="Lunch", place="General")
    assert same == split
    with pytest.raises(errors.KeyReused):
        services.split_bill(creator=asha, people=people[:1], total_paise=1_003, key="k", note="Lunch")
    typed = {"people": "ravi, 9812345603 , @kabir,", "amount": "40", "note": "Chai", "key": "l"}
    page = browser_of(asha).post(reverse("payments:split"), typed, follow=True)
    assert "everyone has been asked" in page.content.decode()
    assert list(MoneyRequest.objects.filter(note="Chai").values_list("amount_paise", flat=True)) == [1_000] * 3


@pytest.mark.parametrize(
    ("people", "words"),
    [("asha", "besides yourself"), ("ravi, nobody", "nobody: Nobody here"), (",", "besides yourself")],
)
def test_a_split_that_cannot_be_is_refused(asha: User, ravi: User, browser_of: Any, people: str, words: str) -> None:
    response = browser_of(asha).post(reverse("payments:split"), {"people": people, "amount": "40", "key": "k"})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert MoneyRequest.objects.count() == 0


def test_a_room_links_to_a_filled_in_split(asha: User, browser_of: Any) -> None:
    page = browser_of(asha).get(reverse("payments:split"), {"with": "ravi,meera", "from": "General"}).content.decode()
    assert 'value="ravi,meera"' in page
    assert 'value="General"' in page


# --- Reversals ---------------------------------------------------------------------------------------------


def test_staff_reverse_a_transfer_once_with_a_reason(asha: User, ravi: User, browser_of: Any) -> None:
    posted = services.send_money(payer=asha, payee=ravi, amount_paise=100, key="k")
    staff = browser_of(User.objects.create_superuser("admin"))
    url = f"/admin/payments/transfer/{posted.transfer_id}/reverse/"
    assert staff.get(url).status_code == 200
    assert "needs a reason" in staff.post(url, {"reason": " "}).content.decode()
    assert staff.post(url, {"reason": "Wrong person"}).status_code == 302
    assert balance(wallet_id(asha)) == 100_000
    assert "reversed already" in staff.post(url, {"reason": "Again"}).content.decode()
    assert told(asha, "transfer_reversed") == told(ravi, "transfer_reversed") == 1
    receipt = browser_of(asha).get(reverse("payments:receipt", args=[posted.transfer_id])).content.decode()
    assert "Reversed" in receipt
    assert check_ledger().faults == []


def test_nobody_else_reverses(asha: User, ravi: User, browser_of: Any) -> None:
    posted = services.send_money(payer=asha, payee=ravi, amount_paise=100, key="k")
    url = f"/admin/payments/transfer/{posted.transfer_id}/reverse/"
    assert browser_of(asha).post(url, {"reason": "Mine"}).status_code == 302
    helper = browser_of(User.objects.create_user("helper", is_staff=True))
    assert helper.post(url, {"reason": "Mine"}).status_code == 403
    assert balance(wallet_id(asha)) == 99_900


def test_what_was_spent_cannot_be_reversed(asha: User) -> None:
    poor, staff = make_person("poor"), User.objects.create_superuser("admin")
    posted = services.send_money(payer=asha, payee=poor, amount_paise=100, key="k")
    services.send_money(payer=poor, payee=asha, amount_paise=50, key="k")
    with pytest.raises(errors.InsufficientFunds):
        services.reverse_transfer(transfer_id=posted.transfer_id, staff=staff, reason="x")
    with pytest.raises(errors.UnknownTransfer):
        services.reverse_transfer(transfer_id=uuid4(), staff=staff, reason="x")


def test_a_reversal_is_not_reversed(asha: User, ravi: User) -> None:
    staff = User.objects.create_superuser("admin")
    posted = services.send_money(payer=asha, payee=ravi, amount_paise=100, key="k")
    back = services.reverse_transfer(transfer_id=posted.transfer_id, staff=staff, reason="x")
    with pytest.raises(errors.NotReversible):
        services.reverse_transfer(transfer_id=back.transfer_id, staff=staff, reason="x")


def test_what_was_taken_from_a_hold_goes_back_to_the_wallet(asha: User, ravi: User) -> None:
    staff = User.objects.create_superuser("admin")
    held = services.authorise_hold(payer=asha, payee=ravi, amount_paise=1_000, key="k")
    services.capture_hold(payee=ravi, hold_id=held.pk, amount_paise=600)
    taken = Transfer.objects.get(kind="capture")
    services.reverse_transfer(transfer_id=taken.pk, staff=staff, reason="Not delivered")
    assert (balance(wallet_id(asha)), balance(wallet_id(ravi)), balance(hold_id(asha))) == (100_000, 100_000, 0)
    assert told(asha, "transfer_reversed") == told(ravi, "transfer_reversed") == 1
    assert check_ledger().faults == []


@pytest.mark.parametrize("reason", ["", "  ", "x" * 141, "a\x00b", "two\nlines"])
def test_a_reversal_without_a_good_reason_is_refused(asha: User, ravi: User, browser_of: Any, reason: str) -> None:
    posted = services.send_money(payer=asha, payee=ravi, amount_paise=100, key="k")
    staff = browser_of(User.objects.create_superuser("admin"))
    response = staff.post(f"/admin/payments/transfer/{posted.transfer_id}/reverse/", {"reason": reason})
    assert (response.status_code, response.context["refusal"].code) == (200, "invalid_note")
    assert balance(wallet_id(ravi)) == 100_100


def test_two_staff_at_once_and_the_receipts_of_both(asha: User, ravi: User, browser_of: Any) -> None:
    posted = services.send_money(payer=asha, payee=ravi, amount_paise=100, key="k")
    staff = User.objects.create_superuser("admin")
    back = services.reverse_transfer(transfer_id=posted.transfer_id, staff=staff, reason="Wrong person")
    again = services.reversals.settle_one(
        Order(wallet_id(ravi), wallet_id(asha), 100, "reversal", f"reversal:{posted.transfer_id}", "Wrong person",
              created_by_id=staff.pk, reverses_id=posted.transfer_id)
    )  # fmt: skip
    assert (again.transfer_id, again.is_replay) == (back.transfer_id, True)
    for user in (asha, ravi):
        page = browser_of(user).get(reverse("payments:receipt", args=[back.transfer_id])).content.decode()
        assert "Wrong person" in page


@pytest.mark.parametrize("name", ["requests", "split", "plan", "holds"])
def test_a_stranger_is_sent_to_sign_in(client: Client, name: str) -> None:
    assert client.get(reverse(f"payments:{name}")).headers["Location"].startswith("/accounts/login/")


def test_the_plan_is_started_and_cancelled_in_the_browser(asha: User, browser_of: Any) -> None:
    client = browser_of(asha)
    assert "You are on Premium" in client.post(reverse("payments:start_plan"), follow=True).content.decode()
    assert queries.plan_of(asha) == "premium"
    assert "stays to the end" in client.post(reverse("payments:cancel_plan"), follow=True).content.decode()
    assert "Ends on" in client.get(reverse("payments:plan")).content.decode()
    poor = browser_of(make_person("poor"))
    assert "not enough money" in poor.post(reverse("payments:start_plan"), follow=True).content.decode()
    assert client.get(reverse("payments:start_plan")).status_code == 405
