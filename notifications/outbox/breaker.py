"""The circuit breaker: a provider that is away is asked again now and then, by one message at a time."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from notifications.channels.base import ProviderDown
from notifications.models import Provider
from notifications.outbox.retries import next_delay

OPENS_AT = 3
"""Failures in a row: a server that hangs up once is not away."""

SHORT_PAUSE = timedelta(seconds=1)
LONGEST_OPEN = timedelta(minutes=10)


def allowed_count(channel: str, limit: int) -> int:
    """How many messages may be sent now: none while it is open, one to see whether it is back, else the limit."""
    provider = Provider.objects.filter(channel=channel).first()
    if provider is None or not provider.failure_count:
        return limit
    if provider.open_until is not None and provider.open_until > timezone.now():
        return 0
    return 1 if provider.failure_count >= OPENS_AT else limit


@transaction.atomic
def note_down(channel: str, failure: ProviderDown) -> datetime:
    """Open the breaker; returns until when."""
    Provider.objects.get_or_create(channel=channel)
    provider = Provider.objects.select_for_update().get(channel=channel)
    now = timezone.now()
    if provider.open_until is not None and provider.open_until > now:
        return provider.open_until  # another worker has found it away just now
    provider.failure_count += 1
    over = provider.failure_count - OPENS_AT
    delay = SHORT_PAUSE if over < 0 else min(next_delay(min(over + 1, 8)) or LONGEST_OPEN, LONGEST_OPEN)
    provider.open_until = now + max(delay, failure.retry_after or timedelta(0))
    provider.error = str(failure)[:300]
    provider.save()
    return provider.open_until


def note_up(channel: str) -> None:
    """Close the breaker."""
    Provider.objects.filter(channel=channel, failure_count__gt=0).update(failure_count=0, open_until=None, error="")
