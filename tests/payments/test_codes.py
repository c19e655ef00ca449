"""One-time codes: when they are asked for, and what does not get past them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db.models import F
from django.test import Client
from django.urls import reverse

from notifications import kinds
from notifications.models import Contact, Delivery, Notification
from notifications.rendering import render
from payments import errors, services
from payments.ledger import wallet_id
from payments.models import Draft, TransferCode
from payments.services.codes import MAX_CODES_AN_HOUR
from tests.payments.factories import balance, make_person
from tests.payments.test_races import at_once

pytestmark = pytest.mark.django_db

BIG = 5_000_00


@pytest.fixture
def asha() -> User:
    cache.clear()
    return make_person("asha", paise=20_000_00, phone="+919812345601")


@pytest.fixture
def ravi() -> User:
    return make_person("ravi", first_name="Ravi", last_name="Kumar")


def draft(payer: User, payee: User, paise: int = BIG) -> Draft:
    return services.draft_transfer(payer=payer, payee=payee, amount_paise=paise, key=str(uuid4()))


def digits_sent() -> str:
    """What the newest e-mail says, as the person reads it."""
    told = Notification.objects.filter(kind="transfer_code").latest("pk")
    words = render("email", kinds.get("transfer_code"), told, Contact())
    return next(word for word in words.body.split() if word.isdigit() and len(word) == 6)


def wrong(right: str) -> str:
    return f"{(int(right) + 1) % 1_000_000:06d}"


def age(**by: int) -> None:
    TransferCode.objects.update(
        created_at=F("created_at") - timedelta(**by), expires_at=F("expires_at") - timedelta(**by)
    )


@pytest.mark.parametrize(
    ("paise", "is_known", "needed"),
    [
        (4_999_99, True, False),
        (5_000_00, True, True),
        (1_000_00, False, False),
        (1_000_01, False, True),
        (1_000_01, True, False),
    ],
)
def test_a_code_is_needed_for_much_or_for_a_new_recipient(
    asha: User, ravi: User, paise: int, is_known: bool, needed: bool
) -> None:
    if is_known:
        services.send_money(payer=asha, payee=ravi, amount_paise=1, key="earlier")
    made = draft(asha, ravi, paise)
    assert made.needs_code is needed
    assert TransferCode.objects.count() == int(needed)


def test_the_right_code_moves_the_money_once(asha: User, ravi: User) -> None:
    made = draft(asha, ravi)
    sent = Notification.objects.get(kind="transfer_code")
    channels = set(Delivery.objects.filter(notification=sent).values_list("channel", flat=True))
    assert {"email", "sms"} <= channels
    code = digits_sent()
    first = services.confirm_draft(payer=asha, draft_id=made.pk, code=f"{code[:3]} {code[3:]}")
    assert services.confirm_draft(payer=asha, draft_id=made.pk, code=code).transfer_id == first.transfer_id
    assert balance(wallet_id(ravi)) == BIG


def test_the_digits_are_nowhere_in_the_database(asha: User, ravi: User) -> None:
    draft(asha, ravi)
    code = digits_sent()
    rows = [*Notification.objects.values_list("data", flat=True), *TransferCode.objects.values()]
    assert code not in str(rows)


@pytest.mark.parametrize("digits", ["", " ", "abcdef", "٤٢١٠٠٠", "1"])
def test_without_the_code_nothing_moves(asha: User, ravi: User, digits: str) -> None:
    made = draft(asha, ravi)
    with pytest.raises((errors.CodeRequired, errors.CodeWrong)):
        services.confirm_draft(payer=asha, draft_id=made.pk, code=digits)
    assert balance(wallet_id(ravi)) == 0


def test_five_wrong_tries_void_it(asha: User, ravi: User) -> None:
    made, right = draft(asha, ravi), digits_sent()
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(errors.CodeWrong) as refusal:
            services.confirm_draft(payer=asha, draft_id=made.pk, code=wrong(right))
        assert refusal.value.details == {"tries_left": left}
    with pytest.raises(errors.CodeExpired):
        services.confirm_draft(payer=asha, draft_id=made.pk, code=right)
    assert balance(wallet_id(ravi)) == 0


def test_it_is_stale_after_five_minutes(asha: User, ravi: User) -> None:
    made, right = draft(asha, ravi), digits_sent()
    age(minutes=5, seconds=1)
    with pytest.raises(errors.CodeExpired):
        services.confirm_draft(payer=asha, draft_id=made.pk, code=right)


def test_a_code_is_bound_to_its_draft(asha: User, ravi: User) -> None:
    one = draft(asha, ravi)
    code_of_one = digits_sent()
    other = draft(asha, ravi, BIG + 1)
    assert digits_sent() != code_of_one
    with pytest.raises(errors.CodeWrong):
        services.confirm_draft(payer=asha, draft_id=other.pk, code=code_of_one)
    services.confirm_draft(payer=asha, draft_id=one.pk, code=code_of_one)


def test_a_changed_amount_changes_the_digits(asha: User, ravi: User) -> None:
    made, right = draft(asha, ravi), digits_sent()
    Draft.objects.filter(pk=made.pk).update(amount_paise=BIG * 2)
    with pytest.raises(errors.CodeWrong):
        services.confirm_draft(payer=asha, draft_id=made.pk, code=right)


def test_a_new_code_ends_the_earlier_and_they_are_limited(asha: User, ravi: User) -> None:
    made, first = draft(asha, ravi), digits_sent()
    with pytest.raises(errors.TooManyCodes, match="half a minute"):
        services.send_code(draft=made)
    age(seconds=31)
    services.send_code(draft=made)
    with pytest.raises(errors.CodeWrong):
        services.confirm_draft(payer=asha, draft_id=made.pk, code=first)
    age(seconds=31)
    services.send_code(draft=made)
    age(seconds=31)
    with pytest.raises(errors.TooManyCodes, match="No more"):
        services.send_code(draft=made)


def test_codes_of_all_drafts_together_are_limited(asha: User, ravi: User) -> None:
    for number in range(MAX_CODES_AN_HOUR):
        draft(asha, ravi, BIG + number)
    with pytest.raises(errors.TooManyCodes, match="10 codes within an hour") as refusal:
        draft(asha, ravi, BIG + 99)
    assert 3_500 < refusal.value.details["retry_after"] <= 3_600
    assert Draft.objects.count() == MAX_CODES_AN_HOUR
    draft(make_person("zoya"), ravi)
    age(minutes=61)
    draft(asha, ravi, BIG + 99)


def test_an_old_or_done_draft_gets_no_more_codes(asha: User, ravi: User) -> None:
    made = draft(asha, ravi)
    services.confirm_draft(payer=asha, draft_id=made.pk, code=digits_sent())
    made.refresh_from_db()
    old = draft(asha, ravi)
    Draft.objects.filter(pk=old.pk).update(created_at=F("created_at") - timedelta(hours=2))
    old.refresh_from_db()
    for one in (made, old):
        with pytest.raises(errors.DraftExpired):
            services.send_code(draft=one)
    assert TransferCode.objects.count() == 2


def test_a_refused_transfer_leaves_the_code_usable(asha: User, ravi: User) -> None:
    made, right = draft(asha, ravi), digits_sent()
    zoya = make_person("zoya")
    services.send_money(payer=asha, payee=zoya, amount_paise=18_000_00, key="rent")
    with pytest.raises(errors.InsufficientFunds):
        services.confirm_draft(payer=asha, draft_id=made.pk, code=right)
    services.send_money(payer=zoya, payee=asha, amount_paise=18_000_00, key="back")
    services.confirm_draft(payer=asha, draft_id=made.pk, code=right)
    assert balance(wallet_id(ravi)) == BIG


def test_in_the_browser(asha: User, ravi: User) -> None:
    client = Client()
    client.force_login(asha)
    asked = client.post(reverse("payments:send"), {"recipient": "ravi", "amount": "5000", "key": "k"})
    url = asked.headers["Location"]
    assert "one-time-code" in client.get(url).content.decode()
    refused = client.post(url, {"code": wrong(digits_sent())})
    assert refused.status_code == 403
    assert "Tries left: 4" in refused.content.decode()
    again = client.post(f"{url}code/", follow=True)
    assert "half a minute" in again.content.decode()
    assert "Transfer successful" in client.post(url, {"code": digits_sent()}, follow=True).content.decode()


def test_only_the_payer_asks_for_another_code(asha: User, ravi: User) -> None:
    made = draft(asha, ravi)
    client = Client()
    client.force_login(ravi)
    assert client.post(reverse("payments:resend_code", args=[made.pk])).status_code == 404
    assert client.get(reverse("payments:resend_code", args=[made.pk])).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_are_five_at_most(asha: User, ravi: User) -> None:
    made, right = draft(asha, ravi), digits_sent()
    outcomes: list[Any] = at_once(
        lambda _: services.confirm_draft(payer=asha, draft_id=made.pk, code=wrong(right)), 12
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CodeExpired"] * 7 + ["CodeWrong"] * 5


@pytest.mark.django_db(transaction=True)
def test_one_code_used_by_many_at_once_moves_once(asha: User, ravi: User) -> None:
    made, right = draft(asha, ravi), digits_sent()
    outcomes = at_once(lambda _: services.confirm_draft(payer=asha, draft_id=made.pk, code=right), 4)
    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) >= 1
    assert balance(wallet_id(ravi)) == BIG
