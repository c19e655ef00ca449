"""The circuit breaker: a provider that is away is asked again now and then, by one message at a time.

A provider is named for its channel, such as `sms`; of push each service has one, such as `push fcm.googleapis.com`.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from notifications.models import Provider
from notifications.outbox.retries import next_delay

OPENS_AT = 3
"""Failures in a row: a server that hangs up once is not away."""

SHORT_PAUSE = timedelta(seconds=1)
LONGEST_OPEN = timedelta(minutes=10)


def allowed_count(name: str, limit: int) -> int:
    """How many messages may be sent now: none while it is open, one to see whether it is back, else the limit."""
    provider = Provider.objects.filter(name=name).first()
    if provider is None or not provider.failure_count:
        return limit
    if provider.open_until is not None and provider.open_until > timezone.now():
        return 0
    return 1 if provider.failure_count >= OPENS_AT else limit


def open_until(name: str) -> datetime | None:
    """Until when nobody may ask the provider; None where one may."""
    return (
        Provider.objects.filter(name=name, open_until__gt=timezone.now()).values_list("open_until", flat=True).first()
    )


@transaction.atomic
def note_down(name: str, error: str, *, retry_after: timedelta | None = None) -> datetime:
    """Open the breaker, at least for as long as the provider asked; returns until when."""
    Provider.objects.get_or_create(name=name)
    provider = Provider.objects.select_for_update().get(name=name)
    now = timezone.now()
    if provider.open_until is not None and provider.open_until > now:
        return provider.open_until  # another worker has found it away just now
    provider.failure_count += 1
    over = provider.failure_count - OPENS_AT
    delay = SHORT_PAUSE if over < 0 else min(next_delay(min(over + 1, 8)) or LONGEST_OPEN, LONGEST_OPEN)
    provider.open_until = now + max(delay, retry_after or timedelta(0))
    provider.error = error[:300]
    provider.save()
    return provider.open_until


def note_up(name: str) -> None:
    """Close the breaker."""
    Provider.objects.filter(name=name, failure_count__gt=0).update(failure_count=0, open_until=None, error="")
