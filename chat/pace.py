"""How fast one person may write in one room: GCRA, the leaky bucket that stores a single time.

https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil


@dataclass(frozen=True, slots=True)
class Pace:
    """`per_minute` messages in the long run, `burst` of them at once."""

    per_minute: int
    burst: int

    def take(self, paced_until: datetime | None, now: datetime) -> datetime | timedelta:
        """The new theoretical arrival time to store, or how long to wait where there is no room for one more."""
        interval = timedelta(minutes=1) / self.per_minute
        arrival = max(paced_until or now, now) + interval
        too_early_by = arrival - now - interval * self.burst
        return too_early_by if too_early_by > timedelta(0) else arrival


def whole_seconds(wait: timedelta) -> int:
    """A waiting time as it is told to people: rounded up, at least one second."""
    return max(1, ceil(wait.total_seconds()))


def in_words(seconds: int) -> str:
    """`1 second`, `59 seconds`, `2 minutes`: rounded up to whole minutes from a minute on."""
    if seconds < 60:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    minutes = ceil(seconds / 60)
    return f"{minutes} minute{'s' if minutes != 1 else ''}"
