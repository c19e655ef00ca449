"""The API: tokens, scopes, keys, problems."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from oauth2_provider.models import AccessToken

from payments import services
from payments.ledger import check_ledger, wallet_id
from payments.models import Draft, Hold, MoneyRequest, Transfer, TransferCode
from tests.payments.callers import Caller, token_for
from tests.payments.factories import balance, make_person
from tests.payments.test_codes import digits_sent

pytestmark = pytest.mark.django_db

BODY = {"recipient": "ravi", "amount_paise": 10_000, "note": "chai"}


@pytest.fixture
def asha() -> User:
    return make_person("asha", paise=1_000_000, phone="+919812345601")


@pytest.fixture
def ravi() -> User:
    return make_person("ravi", paise=1_000, phone="+917010233311")


@pytest.fixture
def api(asha: User) -> Caller:
    return Caller(token_for(asha))


def test_money_is_sent_once_per_key(api: Caller, asha: User, ravi: User) -> None:
    first = api.post("/transfers", BODY)
    assert first.status_code == 201
    sent = first.json()
    assert (sent["amount_paise"], sent["balance_after_paise"], sent["status"]) == (-10_000, 990_000, "done")
    again = api.post("/transfers", BODY)
    assert (again.status_code, again.json()) == (201, sent)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    other = api.post("/transfers", {**BODY, "amount_paise": 10_001})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert balance(wallet_id(ravi)) == 11_000
    assert api.get(f"/transfers/{sent['id']}").json() == sent
    assert api.get("/wallet").json()["balance_paise"] == 990_000
    assert check_ledger().faults == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount_paise": 0}, 422, "amount_too_small"),
        ({"amount_paise": -1}, 422, "amount_too_small"),
        ({"amount_paise": 1.5}, 422, "invalid_amount"),
        ({"amount_paise": 1e9}, 422, "invalid_amount"),
        ({"amount_paise": float("nan")}, 422, "invalid_amount"),
        ({"amount_paise": float("inf")}, 422, "invalid_amount"),
        ({"amount_paise": "100"}, 422, "invalid_amount"),
        ({"amount_paise": "1e9"}, 422, "invalid_amount"),
        ({"amount_paise": "NaN"}, 422, "invalid_amount"),
        ({"amount_paise": "₹1,00,000"}, 422, "invalid_amount"),
        ({"amount_paise": "1 000"}, 422, "invalid_amount"),
        ({"amount_paise": "١٠٠"}, 422, "invalid_amount"),
        ({"amount_paise": "१००"}, 422, "invalid_amount"),
        ({"amount_paise": True}, 422, "invalid_amount"),
        ({"amount_paise": None}, 422, "invalid_amount"),
        ({"amount_paise": []}, 422, "invalid_amount"),
        ({"amount_paise": 10**30}, 422, "amount_too_large"),
        ({"amount_paise": 499_999}, 202, None),
        ({"amount_paise": 1_000_001}, 409, "insufficient_funds"),
        ({"recipient": "asha"}, 422, "self_transfer"),
        ({"recipient": "9812345601"}, 422, "self_transfer"),
        ({"recipient": "nobody"}, 422, "unknown_recipient"),
        ({"recipient": "9812399999"}, 422, "unknown_recipient"),
        ({"recipient": "12345"}, 422, "invalid_phone"),
        ({"recipient": ""}, 422, "unknown_recipient"),
        ({"recipient": "a\x00b"}, 422, "unknown_recipient"),
        ({"recipient": "\ud800"}, 422, "invalid_request"),
        ({"recipient": "९८१२३४५६०१"}, 422, "self_transfer"),
        ({"recipient": "closed"}, 422, "account_closed"),
        ({"recipient": "gone"}, 422, "unknown_recipient"),
        ({"recipient": 7}, 422, "invalid_request"),
        ({"note": "x" * 141}, 422, "invalid_note"),
        ({"note": "a\x00b"}, 422, "invalid_note"),
        ({"note": "two\nlines"}, 422, "invalid_note"),
        ({"note": "\ud800"}, 422, "invalid_note"),
    ],
)
def test_bad_input_has_a_code_and_moves_nothing(
    api: Caller, asha: User, ravi: User, change: dict, status: int, code: str | None
) -> None:
    services.close_wallet(user=make_person("closed"))
    make_person("gone", is_active=False)
    before = Transfer.objects.count()
    response = api.post("/transfers", {**BODY, **change})
    assert response.status_code == status, response.content
    if code is not None:
        problem = response.json()
        assert response.headers["Content-Type"] == "application/problem+json"
        assert (problem["code"], problem["status"]) == (code, status)
        assert problem["type"] == f"urn:chowk:problem:{code}"
        assert problem["detail"]
    assert (balance(wallet_id(asha)), balance(wallet_id(ravi))) == (1_000_000, 1_000)
    assert Transfer.objects.count() == before


@pytest.mark.parametrize("path", ["/requests", "/holds"])
@pytest.mark.parametrize(
    "change", [{"amount_paise": 0}, {"amount_paise": "१००"}, {"note": "x" * 141}, {"recipient": "asha"}]
)
def test_asking_and_setting_aside_take_no_bad_input_either(
    api: Caller, asha: User, ravi: User, path: str, change: dict
) -> None:
    response = api.post(path, {**BODY, **change})
    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    assert not MoneyRequest.objects.exists()
    assert not Hold.objects.exists()
    assert balance(wallet_id(asha)) == 1_000_000


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (0, "amount_too_small"),
        (-1, "amount_too_small"),
        (1_001, "amount_too_large"),
        ("१००", "invalid_amount"),
        (1.5, "invalid_amount"),
    ],
)
def test_a_capture_takes_no_bad_amount(api: Caller, ravi: User, amount: Any, code: str) -> None:
    hold = api.post("/holds", {"recipient": "ravi", "amount_paise": 1_000}).json()
    his = Caller(token_for(ravi))
    refused = his.post(f"/holds/{hold['id']}/capture", {"amount_paise": amount})
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert balance(wallet_id(ravi)) == 1_000
    assert his.post(f"/holds/{hold['id']}/capture", {"amount_paise": None}).json()["captured_paise"] == 1_000


@pytest.mark.parametrize("code", ["", "1", "٤٢١٠٠٠", "a\x00b"])
def test_a_stale_or_strange_code_moves_nothing(api: Caller, ravi: User, code: str) -> None:
    draft = api.post("/transfers", {**BODY, "amount_paise": 600_000}).json()["draft_id"]
    refused = api.post(f"/drafts/{draft}/confirm", {"code": code})
    assert (refused.status_code, refused.json()["code"]) == (403, "code_wrong" if code else "code_required")
    right = digits_sent()
    TransferCode.objects.update(expires_at=timezone.now())
    stale = api.post(f"/drafts/{draft}/confirm", {"code": right})
    assert (stale.status_code, stale.json()["code"]) == (403, "code_expired")
    assert balance(wallet_id(ravi)) == 1_000


def test_another_body_does_not_slip_past_a_draft_that_waits(api: Caller, asha: User, ravi: User) -> None:
    """The first request with the key needs a code, the second one would not."""
    draft = api.post("/transfers", {**BODY, "amount_paise": 600_000}).json()["draft_id"]
    small = api.post("/transfers", {**BODY, "amount_paise": 100})
    assert (small.status_code, small.json()["code"]) == (422, "idempotency_key_reused")
    services.send_money(payer=asha, payee=ravi, amount_paise=1, key="now they know each other")
    same = api.post("/transfers", {**BODY, "amount_paise": 600_000})
    assert (same.status_code, same.json()["draft_id"]) == (202, draft)
    Draft.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert api.post("/transfers", {**BODY, "amount_paise": 600_000}).json()["code"] == "draft_expired"
    assert balance(wallet_id(ravi)) == 1_001


@pytest.mark.parametrize("body", ["{", "[]", '{"amount_paise": NaN}', "null", ""])
def test_what_is_no_request_is_a_problem(api: Caller, ravi: User, body: str) -> None:
    response = api.client.post(
        "/api/transfers", body, content_type="application/json", headers={**api.headers, "Idempotency-Key": "k"}
    )
    assert response.status_code in (400, 422)
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("key", [None, "", "x" * 101, "a\tb"])
def test_a_key_is_needed(api: Caller, ravi: User, key: str | None) -> None:
    response = api.post("/transfers", BODY, key=key)
    assert response.status_code in (400, 422)
    assert balance(wallet_id(ravi)) == 1_000


def test_too_little_money_and_a_closed_wallet(asha: User, ravi: User) -> None:
    response = Caller(token_for(ravi)).post("/transfers", {"recipient": "asha", "amount_paise": 1_001})
    assert (response.status_code, response.json()["code"]) == (409, "insufficient_funds")
    closed = make_person("closed")
    services.close_wallet(user=closed)
    response = Caller(token_for(ravi)).post("/transfers", {"recipient": "closed", "amount_paise": 1})
    assert response.json()["code"] == "account_closed"


def test_much_money_needs_the_code(api: Caller, ravi: User) -> None:
    asked = api.post("/transfers", {**BODY, "amount_paise": 600_000})
    assert asked.status_code == 202
    draft = asked.json()["draft_id"]
    assert api.post("/transfers", {**BODY, "amount_paise": 600_000}).json()["draft_id"] == draft
    for code, refusal in (("", "code_required"), ("x", "code_wrong")):
        response = api.post(f"/drafts/{draft}/confirm", {"code": code})
        assert (response.status_code, response.json()["code"]) == (403, refusal)
    assert api.post(f"/drafts/{draft}/code").json()["code"] == "too_many_codes"
    done = api.post(f"/drafts/{draft}/confirm", {"code": digits_sent()})
    assert (done.status_code, done.json()["amount_paise"]) == (201, -600_000)
    again = api.post("/transfers", {**BODY, "amount_paise": 600_000})
    assert (again.status_code, again.json()["id"]) == (201, done.json()["id"])
    assert balance(wallet_id(ravi)) == 601_000
    assert Caller(token_for(ravi)).post(f"/drafts/{draft}/confirm").status_code == 404


@pytest.mark.parametrize("token", ["", "nonsense", "chowk_" + "x" * 43])
def test_without_a_good_token_nothing_is_told(asha: User, token: str) -> None:
    response = Caller(token).get("/wallet")
    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_session_is_no_token(asha: User) -> None:
    client = Client()
    client.force_login(asha)
    assert client.get("/api/wallet").status_code == 401


def test_scopes_ends_and_leavers(asha: User, ravi: User) -> None:
    reader = Caller(token_for(asha, "wallet:read"))
    assert reader.get("/wallet").status_code == 200
    refused = reader.post("/transfers", BODY)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert Caller(token_for(asha, "wallet:transfer")).get("/wallet").status_code == 403
    assert Caller(token_for(asha, seconds=-1)).get("/wallet").status_code == 401
    asha.is_active = False
    asha.save()
    assert reader.get("/wallet").status_code == 401


def test_another_persons_receipt_is_not_found(api: Caller, asha: User, ravi: User) -> None:
    sent = api.post("/transfers", BODY).json()
    stranger = Caller(token_for(make_person("zoya")))
    assert stranger.get(f"/transfers/{sent['id']}").json()["code"] == "unknown_transfer"
    assert Caller(token_for(ravi)).get(f"/transfers/{sent['id']}").json()["amount_paise"] == 10_000
    assert api.get("/transfers/not-a-uuid").status_code == 422
    assert api.get("/nothing").status_code == 404


def test_the_list_goes_on_where_it_ended(api: Caller, asha: User, ravi: User) -> None:
    for number in range(5):
        services.send_money(payer=asha, payee=ravi, amount_paise=1 + number, key=str(number))
    first = api.get("/transfers?limit=4").json()
    assert [one["amount_paise"] for one in first["transfers"]] == [-5, -4, -3, -2]
    rest = api.get(f"/transfers?limit=4&before={first['next_before']}").json()
    assert [one["amount_paise"] for one in rest["transfers"]] == [-1, 1_000_000]
    assert rest["next_before"] is None
    assert api.get("/transfers?limit=0").status_code == 422


def test_requests_and_holds(api: Caller, asha: User, ravi: User) -> None:
    other = Caller(token_for(ravi))
    asked = other.post("/requests", {"recipient": "asha", "amount_paise": 500, "note": "chai"}).json()
    assert (asked["state"], asked["payer"]) == ("open", "asha")
    assert api.post(f"/requests/{asked['id']}/accept").status_code == 201
    assert api.post(f"/requests/{asked['id']}/decline").json()["code"] == "request_closed"
    second = other.post("/requests", {"recipient": "asha", "amount_paise": 500}, key="2").json()
    assert api.post(f"/requests/{second['id']}/decline").json()["state"] == "declined"
    third = other.post("/requests", {"recipient": "asha", "amount_paise": 500}, key="3").json()
    assert other.post(f"/requests/{third['id']}/cancel").json()["state"] == "cancelled"
    assert len(api.get("/requests").json()) == 3
    hold = api.post("/holds", {"recipient": "ravi", "amount_paise": 1_000}).json()
    assert hold["state"] == "authorised"
    assert api.post(f"/holds/{hold['id']}/capture").status_code == 404
    assert other.post(f"/holds/{hold['id']}/capture", {"amount_paise": 400}).json()["captured_paise"] == 400
    assert other.post(f"/holds/{hold['id']}/void").json()["code"] == "hold_settled"
    assert (
        api.post("/holds", {"recipient": "ravi", "amount_paise": 500_000}, key="2").json()["code"] == "code_required"
    )
    assert check_ledger().faults == []


def test_openapi_describes_every_path(db: None) -> None:
    described = Client().get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.")
    assert {"/api/transfers", "/api/wallet", "/api/holds/{hold_id}/capture"} <= set(described["paths"])
    send = described["paths"]["/api/transfers"]["post"]
    assert any(one["name"] == "Idempotency-Key" and one["required"] for one in send["parameters"])
    assert set(send["responses"]) >= {"201", "202"}
    for path in described["paths"].values():
        for operation in path.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_a_read_takes_few_queries(api: Caller, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(8):
        assert api.get("/wallet").status_code == 200


# --- The tokens' page --------------------------------------------------------------------------------------


def test_a_token_is_made_shown_once_and_revoked(asha: User) -> None:
    client = Client()
    client.force_login(asha)
    page = client.post(reverse("tokens"), {"scopes": ["wallet:read"], "days": "30"})
    text = page.context["text"]
    assert text in page.content.decode()
    assert page.headers["Cache-Control"] == "no-store"
    assert text not in client.get(reverse("tokens")).content.decode()
    assert text not in str(list(AccessToken.objects.values()))
    assert Caller(text).get("/wallet").status_code == 200
    token = AccessToken.objects.get()
    assert token.expires > timezone.now() + timedelta(days=29)
    stranger = Client()
    stranger.force_login(make_person("zoya"))
    stranger.post(reverse("revoke_token", args=[token.pk]))
    assert Caller(text).get("/wallet").status_code == 200
    client.post(reverse("revoke_token", args=[token.pk]))
    assert Caller(text).get("/wallet").status_code == 401


@pytest.mark.parametrize(
    "form", [{}, {"scopes": ["admin"], "days": "30"}, {"scopes": ["wallet:read"], "days": "9999"}]
)
def test_a_token_that_cannot_be_is_refused(asha: User, form: dict) -> None:
    client = Client()
    client.force_login(asha)
    assert client.post(reverse("tokens"), form).status_code == 422
    assert not AccessToken.objects.exists()
    with pytest.raises(ValueError, match="unknown scopes"):
        token_for(asha, "admin")


def test_strangers_and_wrong_methods(db: None, client: Client) -> None:
    assert client.get(reverse("tokens")).status_code == 302
    assert client.get(reverse("revoke_token", args=[1])).status_code in (302, 405)
    assert client.delete("/api/transfers").status_code == 405
