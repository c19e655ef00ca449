"""Counts and durations per minute, for the charts and for /metrics."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from notifications.models import DomainEvent, MinuteMetric

KEPT = timedelta(days=14)
QUEUES = "queue."
"""How the names begin of what the queues count."""

_ADD = """
    INSERT INTO notifications_minutemetric (name, minute, count, milliseconds, longest_milliseconds)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (name, minute) DO UPDATE SET
        count = notifications_minutemetric.count + excluded.count,
        milliseconds = notifications_minutemetric.milliseconds + excluded.milliseconds,
        longest_milliseconds = CASE
            WHEN excluded.longest_milliseconds > notifications_minutemetric.longest_milliseconds
            THEN excluded.longest_milliseconds ELSE notifications_minutemetric.longest_milliseconds END
"""
_KEEP_HIGHEST = """
    INSERT INTO notifications_minutemetric (name, minute, count, milliseconds, longest_milliseconds)
    VALUES (%s, %s, %s, 0, 0)
    ON CONFLICT (name, minute) DO UPDATE SET
        count = CASE WHEN excluded.count > notifications_minutemetric.count
            THEN excluded.count ELSE notifications_minutemetric.count END
"""


@dataclass(slots=True)
class _Sum:
    count: int = 0
    milliseconds: float = 0
    longest: float = 0


def count_events(news: Sequence[DomainEvent]) -> None:
    """Count the events, with the `milliseconds` that some carry."""
    add((event.name, event.at, _number(event.data.get("milliseconds"))) for event in news)


def add(samples: Iterable[tuple[str, datetime, float | None]]) -> None:
    """Add (name, when, milliseconds or None) to the minutes in which they fall."""
    sums: dict[tuple[str, datetime], _Sum] = defaultdict(_Sum)
    for name, at, milliseconds in samples:
        one = sums[(name[:80], at.replace(second=0, microsecond=0))]
        one.count += 1
        if milliseconds is not None:
            one.milliseconds += milliseconds
            one.longest = max(one.longest, milliseconds)
    with connection.cursor() as cursor:
        # In one order everywhere, because each row stays locked until the commit.
        for (name, minute), one in sorted(sums.items()):
            adapted = connection.ops.adapt_datetimefield_value(minute)
            cursor.execute(_ADD, [name, adapted, one.count, one.milliseconds, one.longest])


def keep_highest(levels: Mapping[str, int]) -> None:
    """Write down how high something stands; of several looks in one minute the highest stays."""
    minute = connection.ops.adapt_datetimefield_value(timezone.now().replace(second=0, microsecond=0))
    with transaction.atomic(), connection.cursor() as cursor:
        for name, level in sorted(levels.items()):
            cursor.execute(_KEEP_HIGHEST, [name[:80], minute, level])


def forget_events() -> None:
    """Delete what was counted of events, so that they can be counted again; what queues count stays."""
    MinuteMetric.objects.exclude(name__startswith=QUEUES).delete()


def forget_old() -> int:
    """Delete minutes older than what is kept."""
    return MinuteMetric.objects.filter(minute__lt=timezone.now() - KEPT).delete()[0]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
