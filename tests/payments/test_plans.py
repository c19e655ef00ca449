"""Premium: bought, renewed, waited for, ended."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from notifications.models import Notification
from payments import errors, queries, services
from payments.demo import load_demo
from payments.ledger import check_ledger, post_transfer, system_id, wallet_id
from payments.models import Subscription, Transfer
from payments.services.plans import month_after
from tests.payments.factories import balance, give, make_person, order

pytestmark = pytest.mark.django_db

PRICE = 19_900


@pytest.fixture
def asha() -> User:
    return make_person("asha", paise=3 * PRICE)


@pytest.fixture
def move_clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    start = timezone.now()

    def move(**by: int) -> datetime:
        now = start + timedelta(**by)
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)
        return now

    return move


def told(kind: str) -> int:
    return Notification.objects.filter(kind=kind).count()


def test_buying_premium_pays_the_first_month(asha: User) -> None:
    services.subscribe(user=asha)
    assert queries.plan_of(asha) == "premium"
    assert balance(wallet_id(asha)) == 2 * PRICE
    assert balance(system_id("revenue")) == PRICE


def test_buying_it_again_while_it_runs_pays_nothing(asha: User) -> None:
    services.subscribe(user=asha)
    services.subscribe(user=asha)
    assert balance(wallet_id(asha)) == 2 * PRICE


def test_without_money_there_is_no_premium() -> None:
    poor = make_person("poor", paise=PRICE - 1)
    with pytest.raises(errors.InsufficientFunds):
        services.subscribe(user=poor)
    assert queries.plan_of(poor) == "free"
    assert not Subscription.objects.exists()


def test_it_renews_by_the_clock_once_a_month(asha: User, move_clock: Any) -> None:
    first = services.subscribe(user=asha)
    assert services.renew_due() == 0
    move_clock(days=32)
    assert services.renew_due() == 1
    assert services.renew_due() == 0
    subscription = Subscription.objects.get()
    assert subscription.period_starts_at == first.period_ends_at
    assert balance(wallet_id(asha)) == PRICE
    assert queries.plan_of(asha) == "premium"


def test_cancelled_it_runs_to_the_end_of_the_period(asha: User, move_clock: Any) -> None:
    services.subscribe(user=asha)
    services.cancel_subscription(user=asha)
    assert queries.plan_of(asha) == "premium"
    move_clock(days=32)
    services.renew_due()
    assert queries.plan_of(asha) == "free"
    assert balance(wallet_id(asha)) == 2 * PRICE
    assert told("plan_ended") == 1


def test_a_cancellation_is_taken_back_without_paying(asha: User, move_clock: Any) -> None:
    services.subscribe(user=asha)
    services.cancel_subscription(user=asha)
    services.subscribe(user=asha)
    assert not Subscription.objects.get().cancel_at_period_end
    assert balance(wallet_id(asha)) == 2 * PRICE


def test_too_little_money_waits_three_days_then_ends(move_clock: Any) -> None:
    poor = make_person("poor", paise=PRICE)
    end = services.subscribe(user=poor).period_ends_at
    move_clock(days=32)
    services.renew_due()
    services.renew_due()
    assert queries.plan_of(poor) == "premium"
    assert Subscription.objects.get().grace_ends_at == end + timedelta(days=3)
    assert (told("plan_unpaid"), told("plan_ended")) == (1, 0)
    move_clock(days=36)
    services.renew_due()
    assert queries.plan_of(poor) == "free"
    assert told("plan_ended") == 1
    assert services.renew_due() == 0


def test_money_added_in_the_grace_period_renews(move_clock: Any) -> None:
    poor = make_person("poor", paise=PRICE)
    end = services.subscribe(user=poor).period_ends_at
    move_clock(days=32)
    services.renew_due()
    give(poor, PRICE)
    services.renew_due()
    subscription = Subscription.objects.get()
    assert (subscription.period_starts_at, subscription.grace_ends_at) == (end, None)
    assert balance(wallet_id(poor)) == 0


def test_it_can_be_bought_again_after_it_ended(move_clock: Any) -> None:
    user = make_person("asha", paise=PRICE)
    services.subscribe(user=user)
    move_clock(days=40)
    services.renew_due()
    assert queries.plan_of(user) == "free"
    give(user, PRICE)
    services.subscribe(user=user)
    assert queries.plan_of(user) == "premium"
    assert balance(wallet_id(user)) == 0


def test_a_click_before_the_clock_has_come_by_is_paid_for(asha: User, move_clock: Any) -> None:
    services.subscribe(user=asha)
    services.cancel_subscription(user=asha)
    move_clock(days=32)
    assert queries.plan_of(asha) == "free"
    services.subscribe(user=asha)
    services.renew_due()
    assert queries.plan_of(asha) == "premium"
    assert balance(wallet_id(asha)) == PRICE
    assert Transfer.objects.filter(kind="plan").count() == 2


def test_a_clock_that_stood_still_and_a_click_pay_once(asha: User, move_clock: Any) -> None:
    services.subscribe(user=asha)
    move_clock(days=40)
    services.subscribe(user=asha)
    services.renew_due()
    assert balance(wallet_id(asha)) == PRICE
    assert Subscription.objects.get().period_ends_at > timezone.now() + timedelta(days=27)


def test_who_was_deactivated_pays_no_more_and_keeps_the_money(asha: User, move_clock: Any) -> None:
    services.subscribe(user=asha)
    asha.is_active = False
    asha.save()
    move_clock(days=32)
    services.renew_due()
    assert balance(wallet_id(asha)) == 2 * PRICE
    assert Subscription.objects.get().ended_at is not None


def test_one_that_cannot_be_renewed_holds_up_nobody(
    asha: User, move_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ravi = make_person("ravi", paise=2 * PRICE)
    for user in (asha, ravi):
        services.subscribe(user=user)
    move_clock(days=32)
    pay = services.plans._pay

    def fail_for_one(user: User, *, key: str) -> None:
        if user.pk == asha.pk:
            raise RuntimeError("a fault of the test's")
        pay(user, key=key)

    monkeypatch.setattr("payments.services.plans._pay", fail_for_one)
    services.renew_due()
    assert balance(wallet_id(ravi)) == 0
    assert queries.plan_of(asha) == "premium"


@pytest.mark.parametrize(
    ("start", "when", "end"),
    [
        ((2026, 1, 31), (2026, 1, 31), (2026, 2, 28)),
        ((2026, 1, 31), (2026, 2, 28), (2026, 3, 31)),
        ((2028, 1, 31), (2028, 1, 31), (2028, 2, 29)),
        ((2026, 12, 15), (2026, 12, 15), (2027, 1, 15)),
        ((2026, 1, 31), (2026, 3, 31), (2026, 4, 30)),
    ],
)
def test_months_end_on_the_day_they_began_or_the_last(start: tuple, when: tuple, end: tuple) -> None:
    assert month_after(datetime(*when, tzinfo=UTC), start=datetime(*start, tzinfo=UTC)) == datetime(*end, tzinfo=UTC)


def test_a_prize_is_paid_once_from_the_prize_account() -> None:
    winner = make_person("asha")
    with pytest.raises(errors.InsufficientFunds):
        services.pay_prize(user=winner, amount_paise=5_000, key="contest-1", note="First place")
    post_transfer(order(system_id("bank"), system_id("prizes"), 10_000, kind="grant"))
    for _ in range(2):
        services.pay_prize(user=winner, amount_paise=5_000, key="contest-1", note="First place")
    assert balance(wallet_id(winner)) == 5_000
    assert told("prize_received") == 1


def test_the_demo_world_has_money_once() -> None:
    people = {name: make_person(name) for name in ("asha", "ravi", "meera", "kabir", "zoya", "admin")}
    load_demo(people)
    before = {name: balance(wallet_id(user)) for name, user in people.items()}
    load_demo(people)
    assert {name: balance(wallet_id(user)) for name, user in people.items()} == before
    assert queries.plan_of(people["ravi"]) == "premium"
    assert queries.plan_of(people["asha"]) == "free"
    assert all(paise > 100_000 for paise in before.values())
    assert check_ledger().faults == []
