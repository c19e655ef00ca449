"""How a submission stands among others: its cost as a small chart, and its code beside an earlier one."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from judge.errors import SubmissionNotFound
from judge.models import Submission
from judge.verdicts import Verdict

COMPARED_AT_LEAST = 3
"""Accepted submissions of others, before a comparison says anything."""

COMPARED_AT_MOST = 2000
"""Of the newest; more changes no picture."""

BARS = 24
CHART_HEIGHT = 36

OTHERS_OFFERED = 50
"""To compare a submission with: more makes a list that nobody reads."""

DIFF_LINES = 3000
"""Of either text; beyond, a comparison line by line would take seconds."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the chart, in a picture of BARS x 5 by CHART_HEIGHT."""

    x: int
    y: float
    height: float
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """One's own figure among those of others."""

    better_than: int
    """Percent of the others that needed more."""
    low: int
    high: int
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Comparison:
    others: int
    cpu_ms: Spread
    memory_kib: Spread


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of two texts side by side; `kind` is same, changed, removed or added; a number of 0 is none."""

    kind: str
    old_number: int
    old: str
    new_number: int
    new: str


def compare(submission: Submission) -> Comparison | None:
    """An accepted submission among those of others in its language; None where there are too few. One query."""
    if submission.verdict != Verdict.ACCEPTED:
        return None
    others = list(
        Submission.objects.filter(
            problem_id=submission.problem_id, language=submission.language, verdict=Verdict.ACCEPTED
        )
        .exclude(author_id=submission.author_id)
        .order_by("-id")
        .values_list("cpu_ms", "memory_kib")[:COMPARED_AT_MOST]
    )
    if len(others) < COMPARED_AT_LEAST:
        return None
    return Comparison(
        len(others),
        spread_of(submission.cpu_ms or 0, [cpu or 0 for cpu, _ in others]),
        spread_of(submission.memory_kib or 0, [memory or 0 for _, memory in others]),
    )


def spread_of(mine: int, others: Sequence[int]) -> Spread:
    """One's figure among the others', in BARS equal steps from the lowest to the highest of all."""
    low, high = min(mine, *others), max(mine, *others)
    width = (high - low + 1) / BARS

    def bar_of(value: int) -> int:
        return min(int((value - low) / width), BARS - 1)

    counts = [0] * BARS
    for value in (*others, mine):
        counts[bar_of(value)] += 1
    tallest = max(counts)
    bars = []
    for number, count in enumerate(counts):
        if count:
            height = max(3.0, round(count / tallest * CHART_HEIGHT, 1))
            bars.append(Bar(number * 5, round(CHART_HEIGHT - height, 1), height, number == bar_of(mine)))
    return Spread(sum(value > mine for value in others) * 100 // len(others), low, high, bars)


def earlier_of(submission: Submission, wanted: str = "") -> tuple[list[Submission], Submission | None]:
    """The author's other submissions to the problem, newest first, and the one to compare with.

    That is the one of the id `wanted`, else the one before. Two queries, one more where many are newer. Raises
    SubmissionNotFound for any other id.
    """
    own = (
        Submission.objects.filter(author_id=submission.author_id, problem_id=submission.problem_id)
        .exclude(pk=submission.pk)
        .defer("source", "compiler_output")
        .order_by("-id")
    )
    others = list(own[:OTHERS_OFFERED])
    before = next((each for each in others if each.pk < submission.pk), None)
    if before is None and len(others) == OTHERS_OFFERED:
        before = own.filter(pk__lt=submission.pk).first()
        others += [before] if before else []
    if wanted:
        chosen = next((each for each in others if str(each.pk) == wanted), None)
        if chosen is None:
            raise SubmissionNotFound
        return others, chosen
    return others, before or (others[0] if others else None)


def diff(old: str, new: str) -> list[DiffLine] | None:
    """Two texts side by side; None where they are too long for that."""
    a, b = old.splitlines(), new.splitlines()
    if max(len(a), len(b)) > DIFF_LINES:
        return None
    lines = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b).get_opcodes():
        for step in range(max(i2 - i1, j2 - j1)):
            i, j = i1 + step, j1 + step
            has_old, has_new = i < i2, j < j2
            if tag == "equal":
                kind = "same"
            else:
                kind = "changed" if has_old and has_new else "removed" if has_old else "added"
            lines.append(
                DiffLine(
                    kind,
                    i + 1 if has_old else 0,
                    a[i] if has_old else "",
                    j + 1 if has_new else 0,
                    b[j] if has_new else "",
                )
            )
    return lines
