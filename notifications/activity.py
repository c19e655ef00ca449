"""What the metrics hold, for the charts: how often each thing happened over a while, and how long it took."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db.models import Max, Sum
from django.db.models.functions import TruncHour
from django.utils import timezone

from notifications.events.metrics import QUEUES
from notifications.models import MinuteMetric

DONE = ".done"


@dataclass(frozen=True, slots=True)
class Period:
    """How far back the charts go, and how long each of their steps is."""

    name: str
    label: str
    step: timedelta
    steps: int
    step_label: str

    def start(self, now: datetime) -> datetime:
        """Where the first step begins; the last one is still going on."""
        into = timedelta(seconds=now.timestamp() % self.step.total_seconds())
        return now - into - self.step * (self.steps - 1)


PERIODS = (
    Period("hour", "Last hour", timedelta(minutes=1), 60, "a minute"),
    Period("day", "Last day", timedelta(minutes=15), 96, "15 minutes"),
    Period("fortnight", "14 days", timedelta(hours=6), 56, "6 hours"),
)


@dataclass(frozen=True, slots=True)
class Series:
    """One thing that is counted: in each step how often, and of those whose time is known, in milliseconds, the mean
    and the longest (0 where there were none)."""

    name: str
    counts: tuple[int, ...]
    means: tuple[float, ...]
    longest: tuple[float, ...]
    total: int
    mean: float
    worst: float

    @property
    def most(self) -> int:
        """In the busiest step."""
        return max(self.counts)

    @property
    def is_timed(self) -> bool:
        return self.worst > 0


def period_named(name: str) -> Period:
    """The period of that name, or the last hour."""
    return next((period for period in PERIODS if period.name == name), PERIODS[0])


def event_series(period: Period) -> list[Series]:
    """Each domain event of the period, the most frequent first."""
    found = [one for one in _series(period) if not one.name.startswith(QUEUES)]
    return sorted(found, key=lambda one: (-one.total, one.name))


def queue_series(period: Period) -> list[Series]:
    """What the workers of each queue did in the period, under the queue's name; deliveries take from their commit."""
    found = [one for one in _series(period) if one.name.startswith(QUEUES) and one.name.endswith(DONE)]
    named = [replace(one, name=one.name.removeprefix(QUEUES).removesuffix(DONE)) for one in found]
    return sorted(named, key=lambda one: one.name)


def last_full_minute() -> list[MinuteMetric]:
    """What was counted of events in the last minute that is over, by name."""
    minute = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=1)
    return list(MinuteMetric.objects.filter(minute=minute).exclude(name__startswith=QUEUES).order_by("name"))


def _series(period: Period) -> list[Series]:
    start = period.start(timezone.now())
    steps: dict[str, list[_Step]] = defaultdict(lambda: [_Step() for _ in range(period.steps)])
    for name, at, count, milliseconds, longest in _rows(period, start):
        place = (at - start) // period.step
        if 0 <= place < period.steps:  # a server's clock may be ahead
            steps[name][place].add(count, milliseconds, longest)
    return [_summed(name, some) for name, some in steps.items()]


def _rows(period: Period, start: datetime) -> Sequence[tuple[str, datetime, int, float, float]]:
    rows = MinuteMetric.objects.filter(minute__gte=start)
    if period.step < timedelta(hours=1):
        return list(rows.values_list("name", "minute", "count", "milliseconds", "longest_milliseconds"))
    # Two weeks of minutes are many rows: the database adds them up to hours.
    hours = rows.annotate(hour=TruncHour("minute", tzinfo=UTC)).values_list("name", "hour")
    return list(hours.annotate(Sum("count"), Sum("milliseconds"), Max("longest_milliseconds")).order_by())


class _Step:
    __slots__ = ("count", "longest", "milliseconds")

    def __init__(self) -> None:
        self.count = 0
        self.milliseconds = self.longest = 0.0

    def add(self, count: int, milliseconds: float, longest: float) -> None:
        self.count += count
        self.milliseconds += milliseconds
        self.longest = max(self.longest, longest)


def _summed(name: str, steps: Sequence[_Step]) -> Series:
    total = sum(step.count for step in steps)
    return Series(
        name=name,
        counts=tuple(step.count for step in steps),
        means=tuple(step.milliseconds / step.count if step.count else 0 for step in steps),
        longest=tuple(step.longest for step in steps),
        total=total,
        mean=sum(step.milliseconds for step in steps) / total if total else 0,
        worst=max(step.longest for step in steps),
    )
