"""Money as people read it, and what others ask the wallet."""

from datetime import timedelta
from decimal import Decimal

import pytest
from babel.numbers import format_currency
from django.contrib.auth.models import AnonymousUser, User
from django.template import Context, Template
from django.utils import timezone

from payments import queries
from payments.models import Account, Subscription
from payments.money import format_rupees


@pytest.mark.parametrize(
    ("paise", "text"),
    [(0, "₹0.00"), (1, "₹0.01"), (10_000_000, "₹1,00,000.00"), (-12_345, "-₹123.45"), (None, "")],
)
def test_rupees_are_grouped_the_indian_way(paise: int | None, text: str) -> None:
    assert Template("{% load money %}{{ paise|rupees }}").render(Context({"paise": paise})) == text


@pytest.mark.parametrize("paise", [1, -1, 99_999, 10_000_000, -987_654_321, 10**13, 123_456_789_012_345_678])
def test_rupees_are_written_as_babel_writes_them(paise: int) -> None:
    assert format_rupees(paise) == format_currency(Decimal(paise) / 100, "INR", locale="en_IN")


def test_a_stranger_is_on_free_with_nothing() -> None:
    assert queries.plan_of(AnonymousUser()) == "free"
    assert queries.balance_paise(AnonymousUser()) == 0


def test_a_newcomer_is_on_free_with_nothing(db: None) -> None:
    user = User.objects.create_user("asha")
    assert queries.plan_of(user) == "free"
    assert queries.balance_paise(user) == 0


def test_the_balance_is_the_wallets_alone(db: None) -> None:
    user = User.objects.create_user("asha")
    Account.objects.create(kind="hold", user=user, balance_paise=5)
    Account.objects.create(kind="wallet", user=user, balance_paise=700)
    assert queries.balance_paise(user) == 700


@pytest.mark.parametrize(
    ("ends_in", "grace_in", "is_cancelled", "ended", "plan"),
    [
        (1, None, False, False, "premium"),
        (-1, None, False, False, "premium"),  # the clock has not come by yet
        (-4, None, False, False, "free"),
        (1, None, True, False, "premium"),
        (-1, None, True, False, "free"),
        (-1, 2, False, False, "premium"),
        (1, None, False, True, "free"),
    ],
)
def test_premium_holds_while_paid_or_in_grace(
    db: None, ends_in: int, grace_in: int | None, is_cancelled: bool, ended: bool, plan: str
) -> None:
    user, now = User.objects.create_user("asha"), timezone.now()
    Subscription.objects.create(
        user=user,
        started_at=now - timedelta(days=30),
        period_starts_at=now - timedelta(days=30),
        period_ends_at=now + timedelta(days=ends_in),
        cancel_at_period_end=is_cancelled,
        grace_ends_at=now + timedelta(days=grace_in) if grace_in else None,
        ended_at=now if ended else None,
    )
    assert queries.plan_of(user) == plan
