"""Premium: paid from the wallet a month at a time, renewed by the clock."""

import logging
from calendar import monthrange
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from notifications.services import notify
from payments import errors
from payments.ledger import Order, system_id, wallet_id
from payments.models import Subscription, Transfer
from payments.models.plans import GRACE
from payments.money import format_rupees
from payments.plans import PREMIUM_PRICE_PAISE
from payments.services.transfers import settle_one

logger = logging.getLogger(__name__)


def subscribe(*, user: User) -> Subscription:
    """Start Premium now, and pay its first month; while it runs, take back a cancellation.

    Raises:
        InsufficientFunds, AccountClosed
    """
    now = timezone.now()
    with transaction.atomic():
        old = Subscription.objects.select_for_update().filter(user=user).first()
        if old is not None and old.is_running(now):
            old.cancel_at_period_end = False
            old.save(update_fields=["cancel_at_period_end"])
            return old
        _pay(user, key=_key_of_next(old))
        period = {
            "started_at": now,
            "period_starts_at": now,
            "period_ends_at": month_after(now, start=now),
            "cancel_at_period_end": False,
            "grace_ends_at": None,
            "ended_at": None,
        }
        return Subscription.objects.update_or_create(user=user, defaults=period)[0]


def cancel_subscription(*, user: User) -> None:
    """Let Premium run to the end of what is paid, and no further."""
    Subscription.objects.filter(user=user, ended_at=None).update(cancel_at_period_end=True)


def renew_due() -> int:
    """Renew, put in grace or end every subscription whose period is over; answers how many were looked at."""
    due = Subscription.objects.filter(ended_at=None, period_ends_at__lte=timezone.now())
    ids = list(due.values_list("pk", flat=True))
    for id_ in ids:
        try:
            _renew(id_)
        except Exception:
            # One that cannot be renewed must not hold up the others.
            logger.exception("subscription %s could not be renewed", id_)
    return len(ids)


def month_after(when: datetime, *, start: datetime) -> datetime:
    """The first monthly return of `start` after `when`: the 31st is a shorter month's last day."""
    months = (when.year - start.year) * 12 + when.month - start.month
    while (end := _plus_months(start, months)) <= when:
        months += 1
    return end


def _plus_months(start: datetime, months: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))


@transaction.atomic
def _renew(subscription_id: int) -> None:
    now = timezone.now()
    due = Subscription.objects.select_for_update(of=("self",)).select_related("user")
    subscription = due.filter(pk=subscription_id, ended_at=None, period_ends_at__lte=now).first()
    if subscription is None:
        return
    if subscription.cancel_at_period_end or not subscription.user.is_active:
        _end(subscription, now)
        return
    try:
        _pay(subscription.user, key=_key_of_next(subscription))
    except errors.InsufficientFunds:
        _wait_or_end(subscription, now)
    except errors.PaymentsError:
        _end(subscription, now)
    else:
        # A clock that stood still for longer than the grace does not charge for a time without Premium.
        stood_still = now - subscription.period_ends_at > GRACE
        subscription.period_starts_at = now if stood_still else subscription.period_ends_at
        if stood_still:
            subscription.started_at = now
        subscription.period_ends_at = month_after(subscription.period_starts_at, start=subscription.started_at)
        subscription.grace_ends_at = None
        subscription.save()


def _key_of_next(subscription: Subscription | None) -> str:
    """Of the payment that comes next. Two clicks at once, or a click and the clock, carry the same key: paid once."""
    if subscription is None:
        return "plan:first"
    if subscription.ended_at is not None:
        return f"plan:after:{subscription.ended_at.isoformat()}"
    return f"plan:period:{subscription.period_ends_at.isoformat()}"


def _wait_or_end(subscription: Subscription, now: datetime) -> None:
    if subscription.grace_ends_at is None:
        subscription.grace_ends_at = subscription.period_ends_at + GRACE
        subscription.save(update_fields=["grace_ends_at"])
        _tell(subscription, "plan_unpaid")
    if subscription.grace_ends_at <= now:
        _end(subscription, now)


def _end(subscription: Subscription, now: datetime) -> None:
    subscription.ended_at = now
    subscription.save(update_fields=["ended_at"])
    _tell(subscription, "plan_ended")


def _tell(subscription: Subscription, kind: str) -> None:
    ends: datetime = subscription.grace_ends_at or subscription.period_ends_at
    data = {
        "price": format_rupees(PREMIUM_PRICE_PAISE),
        "ends_on": f"{timezone.localtime(ends):%-d %B %Y}",
    }
    notify(
        user=subscription.user,
        kind=kind,
        key=subscription.period_ends_at.isoformat(),
        data=data,
        url=reverse("payments:wallet"),
    )


def _pay(user: User, *, key: str) -> None:
    settle_one(
        Order(
            wallet_id(user),
            system_id("revenue"),
            PREMIUM_PRICE_PAISE,
            Transfer.Kind.PLAN.value,
            key,
            "One month of Premium",
            created_by_id=user.pk,
        )
    )
