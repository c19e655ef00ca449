"""Small pictures drawn by the server: numbers where people would rather look. Plain geometry, no style, no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH = 100
HEIGHT = 30
MARGIN = 2


def step_line(values: Sequence[float]) -> tuple[str, str]:
    """The SVG paths of a line that stays level between its values, and of the area below it, in 100 by 30 units.

    The lowest value stands at the bottom; a single or constant value is a level line in the middle.
    """
    low, high = min(values), max(values)
    room = HEIGHT - 2 * MARGIN

    def y(value: float) -> float:
        return HEIGHT / 2 if high == low else round(HEIGHT - MARGIN - (value - low) / (high - low) * room, 2)

    step = WIDTH / len(values)
    line = f"M0 {y(values[0]):g}"
    for number, value in enumerate(values):
        line += f"V{y(value):g}H{round((number + 1) * step, 2):g}"
    return line, f"{line}V{HEIGHT}H0Z"


WEEKS_SHOWN = 26
CELL = 10
GAP = 2
BUSY_FROM = (1, 2, 4, 8)
"""From how many on a day each of the four shades begins."""


@dataclass(frozen=True, slots=True)
class Day:
    """A square of the calendar, at its place in the picture; `shade` is 0 for nothing to 4 for much."""

    day: date
    count: int
    x: int
    y: int
    shade: int


def first_monday(today: date) -> date:
    """The day at which a calendar of half a year begins."""
    return today - timedelta(days=today.weekday(), weeks=WEEKS_SHOWN - 1)


def calendar_days(counts: Mapping[date, int], today: date) -> list[Day]:
    """One square a day, weeks from left to right and Monday at the top, as far as today."""
    start = first_monday(today)
    return [
        Day(
            day=start + timedelta(days=number),
            count=(count := counts.get(start + timedelta(days=number), 0)),
            x=number // 7 * (CELL + GAP),
            y=number % 7 * (CELL + GAP),
            shade=sum(count >= least for least in BUSY_FROM),
        )
        for number in range((today - start).days + 1)
    ]
