"""Two-phase payments: money set aside, taken, given back, expired."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from notifications.models import Notification
from payments import errors, queries, services
from payments.clock import TASKS
from payments.ledger import check_ledger, hold_id, wallet_id
from payments.models import Account, Hold
from tests.payments.callers import Caller, token_for
from tests.payments.factories import balance, make_person
from tests.payments.test_races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> User:
    return make_person("asha", paise=100_000, first_name="Asha")


@pytest.fixture
def ravi() -> User:
    return make_person("ravi", paise=100_000, first_name="Ravi")


def told(user: User, kind: str) -> list[dict]:
    return list(Notification.objects.filter(user=user, kind=kind).values_list("data", flat=True))


def hold(asha: User, ravi: User, paise: int = 1_000, **fields: Any) -> Hold:
    return services.authorise_hold(payer=asha, payee=ravi, amount_paise=paise, key=str(uuid4()), **fields)


def test_a_hold_sets_money_aside_and_part_of_it_is_captured(asha: User, ravi: User) -> None:
    held = hold(asha, ravi)
    assert (balance(wallet_id(asha)), balance(hold_id(asha)), balance(wallet_id(ravi))) == (99_000, 1_000, 100_000)
    done = services.capture_hold(payee=ravi, hold_id=held.pk, amount_paise=700)
    assert (done.state, done.captured_paise) == ("captured", 700)
    assert (balance(wallet_id(asha)), balance(hold_id(asha)), balance(wallet_id(ravi))) == (99_300, 0, 100_700)
    with pytest.raises(errors.HoldSettled):
        services.capture_hold(payee=ravi, hold_id=held.pk)
    with pytest.raises(errors.HoldSettled):
        services.void_hold(user=ravi, hold_id=held.pk)
    assert check_ledger().faults == []


def test_a_hold_is_captured_in_full_or_voided(asha: User, ravi: User) -> None:
    services.capture_hold(payee=ravi, hold_id=hold(asha, ravi).pk)
    services.void_hold(user=ravi, hold_id=hold(asha, ravi).pk)
    assert (balance(wallet_id(asha)), balance(wallet_id(ravi))) == (99_000, 101_000)


@pytest.mark.parametrize(("paise", "error"), [(0, errors.AmountTooSmall), (1_001, errors.AmountTooLarge)])
def test_a_capture_stays_within_the_hold(asha: User, ravi: User, paise: int, error: type) -> None:
    with pytest.raises(error):
        services.capture_hold(payee=ravi, hold_id=hold(asha, ravi).pk, amount_paise=paise)


def test_a_hold_expires_by_the_clock(asha: User, ravi: User) -> None:
    held = hold(asha, ravi, lifetime=timedelta(seconds=-1))
    with pytest.raises(errors.HoldSettled):
        services.capture_hold(payee=ravi, hold_id=held.pk)
    assert services.expire_holds() == 1
    assert services.expire_holds() == 0
    assert balance(wallet_id(asha)) == 100_000


def test_only_the_payee_settles_a_hold(asha: User, ravi: User) -> None:
    held = hold(asha, ravi)
    for user in (asha, make_person("zoya")):
        with pytest.raises(errors.UnknownHold):
            services.capture_hold(payee=user, hold_id=held.pk)


def test_the_same_key_is_one_hold(asha: User, ravi: User) -> None:
    one = services.authorise_hold(payer=asha, payee=ravi, amount_paise=10, key="k")
    assert services.authorise_hold(payer=asha, payee=ravi, amount_paise=10, key="k") == one
    with pytest.raises(errors.KeyReused):
        services.authorise_hold(payer=asha, payee=ravi, amount_paise=11, key="k")
    with pytest.raises(errors.KeyReused):
        services.authorise_hold(payer=asha, payee=make_person("zoya"), amount_paise=10, key="k")
    assert balance(hold_id(asha)) == 10


@pytest.mark.django_db(transaction=True)
def test_capture_and_void_at_once_settle_once(asha: User, ravi: User) -> None:
    held = hold(asha, ravi)
    outcomes = at_once(
        lambda i: (
            services.capture_hold(payee=ravi, hold_id=held.pk)
            if i % 2
            else services.void_hold(user=ravi, hold_id=held.pk)
        ),
        6,
    )
    assert sum(isinstance(outcome, errors.HoldSettled) for outcome in outcomes) == 5
    assert balance(hold_id(asha)) == 0
    assert check_ledger().faults == []


def test_both_are_told_what_became_of_a_hold(asha: User, ravi: User) -> None:
    held = hold(asha, ravi, note="Deposit")
    assert [(data["other"], data["amount"]) for data in told(ravi, "hold_made")] == [("Asha", "₹10.00")]
    services.capture_hold(payee=ravi, hold_id=held.pk, amount_paise=700)
    assert [(data["amount"], data["of"]) for data in told(asha, "hold_captured")] == [("₹7.00", "₹10.00")]
    assert [data["other"] for data in told(ravi, "transfer_received")] == ["Asha"]
    services.void_hold(user=ravi, hold_id=hold(asha, ravi).pk)
    hold(asha, ravi, lifetime=timedelta(seconds=-1))
    services.expire_holds()
    assert {data["state"] for data in told(asha, "hold_released")} == {"voided", "expired"}


def test_the_statements_of_both_say_who(asha: User, ravi: User) -> None:
    services.capture_hold(payee=ravi, hold_id=hold(asha, ravi).pk, amount_paise=700)

    def lines(user: User) -> list[str]:
        return [f"{line.words} {line.other} {line.amount_paise}" for line in queries.latest_lines(user, 3)]

    assert lines(asha)[:2] == ["Back from hold 300", "Put on hold -1000"]
    assert lines(ravi)[0] == "Received from Asha 700"


def test_the_clock_gives_back_what_is_due_though_one_fails(
    asha: User, ravi: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert services.expire_holds in [task for _, task in TASKS]
    broken, good = (hold(asha, ravi, lifetime=timedelta(seconds=-1)) for _ in range(2))
    pay_out = services.holds._pay_out

    def fail_for_one(held: Hold, *, captured_paise: int) -> None:
        if held.pk == broken.pk:
            raise RuntimeError("a fault of the test's")
        pay_out(held, captured_paise=captured_paise)

    monkeypatch.setattr("payments.services.holds._pay_out", fail_for_one)
    assert services.expire_holds() == 1
    states = dict(Hold.objects.values_list("pk", "state"))
    assert (states[good.pk], states[broken.pk]) == ("expired", "authorised")
    assert balance(hold_id(asha)) == 1_000


def test_a_wallet_with_money_on_hold_or_on_its_way_is_not_closed(ravi: User, settings: Any) -> None:
    settings.TEST_BANK = True
    asha = make_person("asha", paise=1_000)
    held = hold(asha, ravi)
    with pytest.raises(errors.AccountNotEmpty, match="on hold"):
        services.close_wallet(user=asha)
    services.void_hold(user=ravi, hold_id=held.pk)
    services.start_withdrawal(user=asha, amount_paise=1_000, gateway="testbank", key="w", return_url="/")
    with pytest.raises(errors.AccountNotEmpty, match="on its way"):
        services.close_wallet(user=asha)
    assert Account.objects.get(pk=wallet_id(asha)).closed_at is None


def test_a_hold_counts_towards_the_limits_and_needs_money(asha: User, ravi: User) -> None:
    services.send_money(payer=asha, payee=ravi, amount_paise=1, key="known")
    with pytest.raises(errors.InsufficientFunds):
        hold(asha, ravi, 100_000)
    Account.objects.filter(pk=wallet_id(asha)).update(spent_day_paise=49_99_990)
    with pytest.raises(errors.LimitExceeded):
        hold(asha, ravi, 1_000)
    assert balance(hold_id(asha)) == 0


def test_who_has_left_is_not_set_aside_for(asha: User, ravi: User) -> None:
    ravi.is_active = False
    ravi.save()
    with pytest.raises(errors.AccountClosed):
        hold(asha, ravi)
    assert balance(wallet_id(asha)) == 100_000


# --- The pages ---------------------------------------------------------------------------------------------


def test_setting_aside_and_taking_a_part_in_the_browser(asha: User, ravi: User, browser_of: Any) -> None:
    hers, his = browser_of(asha), browser_of(ravi)
    url = reverse("payments:holds")
    assert "You set nothing aside" in hers.get(url).content.decode()
    page = hers.post(url, {"recipient": "ravi", "amount": "10", "note": "Deposit", "key": "k"}, follow=True)
    assert "₹10.00 is set aside for Ravi" in page.content.decode()
    held = Hold.objects.get()
    one = reverse("payments:hold", args=[held.pk])
    assert "Take it" not in hers.get(one).content.decode()
    assert 'value="10.00"' in his.get(one).content.decode()
    refused = his.post(one, {"amount": "10.01", "key": "k"})
    assert refused.status_code == 422
    assert "more than the hold has" in refused.content.decode()
    page = his.post(one, {"amount": "7", "key": "k"}, follow=True).content.decode()
    assert "₹7.00 is in your wallet" in page
    assert "Went back" in page
    again = his.post(one, {"amount": "7", "key": "k"}, follow=True).content.decode()
    assert "only once" in again
    assert (balance(wallet_id(asha)), balance(wallet_id(ravi))) == (99_300, 100_700)


def test_giving_back_in_the_browser(asha: User, ravi: User, browser_of: Any) -> None:
    held = hold(asha, ravi)
    page = browser_of(ravi).post(reverse("payments:void_hold", args=[held.pk]), follow=True).content.decode()
    assert "₹10.00 went back to Asha" in page
    again = browser_of(ravi).post(reverse("payments:void_hold", args=[held.pk]), follow=True).content.decode()
    assert "settled already" in again
    assert balance(wallet_id(asha)) == 100_000


def test_a_hold_is_its_two_peoples_alone(asha: User, ravi: User, browser_of: Any) -> None:
    held = hold(asha, ravi)
    zoya = browser_of(make_person("zoya"))
    one, void = (reverse(f"payments:{name}", args=[held.pk]) for name in ("hold", "void_hold"))
    assert [answer.status_code for answer in (zoya.get(one), zoya.post(one), zoya.post(void))] == [404] * 3
    assert browser_of(asha).post(void).status_code == 404
    assert "Only whom it is set aside for" in browser_of(asha).post(one, {"amount": "1"}, follow=True).content.decode()
    assert zoya.get(void).status_code == 405
    assert Client().get(one).status_code == 302
    assert balance(hold_id(asha)) == 1_000


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"amount": "0"}, "amount_too_small"),
        ({"amount": "₹1,000"}, "invalid_amount"),
        ({"amount": "2000"}, "code_required"),
        ({"recipient": "asha"}, "self_transfer"),
        ({"recipient": "nobody"}, "unknown_recipient"),
    ],
)
def test_a_hold_that_cannot_be_is_refused(
    asha: User, ravi: User, browser_of: Any, typed: dict[str, str], code: str
) -> None:
    form = {"recipient": "ravi", "amount": "10", "key": "k", **typed}
    response = browser_of(asha).post(reverse("payments:holds"), form)
    assert response.status_code == 422
    assert [error.code for field in response.context["form"].errors.as_data().values() for error in field] == [code]
    assert balance(wallet_id(asha)) == 100_000


def test_the_page_takes_the_same_queries_for_many(
    asha: User, ravi: User, browser_of: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        hold(asha, ravi)
    client = browser_of(asha)
    with django_assert_max_num_queries(14):
        client.get(reverse("payments:holds"))


def test_programs_see_their_holds(asha: User, ravi: User) -> None:
    held = hold(asha, ravi)
    for user in (asha, ravi):
        api = Caller(token_for(user))
        assert [one["id"] for one in api.get("/holds").json()] == [str(held.pk)]
        assert api.get(f"/holds/{held.pk}").json()["state"] == "authorised"
    stranger = Caller(token_for(make_person("zoya"))).get(f"/holds/{held.pk}")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "unknown_hold")
