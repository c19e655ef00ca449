"""What the clock does for notifications."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings

from notifications.digests import send_digests
from notifications.events.following import spread
from notifications.events.metrics import forget_old
from notifications.fleet import note_depths
from notifications.outbox.sweeping import sweep
from notifications.services.announcements import resume as resume_announcements
from notifications.streams import trim
from notifications.webhooks.fanning import wake_if_due


def trim_streams() -> None:
    trim(keep=timedelta(days=settings.STREAM_KEEP_DAYS), keep_events=settings.STREAM_KEEP_EVENTS)


TASKS: list[tuple[timedelta, Callable[[], object]]] = [
    # Also what wakes a worker for a retry, so often enough that a short delay stays short.
    (timedelta(seconds=5), sweep),
    (timedelta(seconds=5), spread),
    (timedelta(seconds=5), wake_if_due),
    (timedelta(seconds=5), resume_announcements),
    (timedelta(minutes=1), note_depths),
    (timedelta(minutes=1), send_digests),
    (timedelta(hours=1), forget_old),
    (timedelta(hours=1), trim_streams),
]
