"""Contests as people see them: who may, the problems, and the scoreboard."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from judge.errors import ContestNotFound
from judge.models import Contest, ContestProblem, Participation, Submission
from judge.verdicts import State, Verdict

PENALTY_MINUTES = 20
"""For each wrong submission to a problem that was solved in the end (ICPC rules)."""

FREE_VERDICTS = (Verdict.COMPILE_ERROR, Verdict.INTERNAL_ERROR, Verdict.CANCELLED)
"""Cost nothing."""


@dataclass(slots=True)
class Cell:
    """How someone stands on one problem."""

    wrong: int = 0
    pending: int = 0
    solved_minute: int | None = None
    points: int = 0

    @property
    def is_solved(self) -> bool:
        return self.solved_minute is not None

    @property
    def tries(self) -> int:
        return self.wrong + self.is_solved


@dataclass(slots=True)
class Row:
    """One participant's line."""

    user: User
    cells: list[Cell]
    rank: int = 0
    is_virtual: bool = False

    @property
    def solved(self) -> int:
        return sum(cell.is_solved for cell in self.cells)

    @property
    def points(self) -> int:
        return sum(cell.points for cell in self.cells)

    @property
    def penalty(self) -> int:
        """Minutes until each solution, and the wrong ones before it."""
        return sum((cell.solved_minute or 0) + PENALTY_MINUTES * cell.wrong for cell in self.cells if cell.is_solved)


@dataclass(frozen=True, slots=True)
class Scoreboard:
    entries: list[ContestProblem]
    rows: list[Row] = field(default_factory=list)
    is_frozen: bool = False


def visible_contests(user: Any) -> QuerySet[Contest]:
    """The contests that the person may see."""
    return Contest.objects.all() if user.is_staff else Contest.objects.filter(is_published=True)


def contest_for(user: Any, slug: str) -> Contest:
    """Raises ContestNotFound, also where it is not published."""
    contest = visible_contests(user).filter(slug=slug).first()
    if contest is None:
        raise ContestNotFound
    return contest


def may_read_contest(user: Any, key: str) -> bool:
    """Whether the person may read the stream `contest:<key>`."""
    if not (key.isascii() and key.isdigit() and len(key) < 19) or not user.is_authenticated:
        return False
    return visible_contests(user).filter(pk=int(key)).exists()


def participation_of(user: Any, contest: Contest) -> Participation | None:
    return Participation.objects.filter(contest=contest, user_id=user.pk).first()


def scoreboard_of(contest: Contest, *, now: datetime) -> Scoreboard:
    """The scoreboard as everyone sees it: from the freeze on, what came later counts as pending. Three queries."""
    entries = list(contest.entries.select_related("problem").order_by("letter"))
    column = {entry.problem_id: number for number, entry in enumerate(entries)}
    rows = {
        part.pk: Row(part.user, [Cell() for _ in entries], is_virtual=part.is_virtual)
        for part in contest.participations.select_related("user")
    }
    frozen = contest.is_frozen(now)
    submissions = (
        Submission.objects.filter(participation__contest=contest)
        .exclude(verdict__in=FREE_VERDICTS)
        .order_by("id")
        .values_list(
            "participation_id", "problem_id", "state", "verdict", "points", "created_at", "participation__starts_at"
        )
    )
    for part_id, problem_id, state, verdict, points, at, starts_at in submissions:
        if problem_id not in column:
            continue
        cell = rows[part_id].cells[column[problem_id]]
        hidden = frozen and at >= contest.freezes_at and not rows[part_id].is_virtual
        _count(cell, minute=int((at - starts_at).total_seconds() // 60), state=state, verdict=verdict, points=points,
               is_hidden=hidden)  # fmt: skip
    return Scoreboard(entries, _ranked(list(rows.values()), contest.scoring), frozen)


def _count(cell: Cell, *, minute: int, state: str, verdict: str, points: int, is_hidden: bool) -> None:
    if cell.is_solved:
        return
    if is_hidden or state != State.DONE:
        cell.pending += 1
        return
    # A problem without points of its own is worth 100 to whoever solves it.
    cell.points = max(cell.points, points or (100 if verdict == Verdict.ACCEPTED else 0))
    if verdict == Verdict.ACCEPTED:
        cell.solved_minute = minute
    else:
        cell.wrong += 1


def _ranked(rows: list[Row], scoring: str) -> list[Row]:
    """Best first; equals share a rank, and those who take part virtually have none."""

    def key(row: Row) -> tuple[int, ...]:
        return (-row.points,) if scoring == Contest.Scoring.POINTS else (-row.solved, row.penalty)

    rows.sort(key=lambda row: (*key(row), row.user.get_username()))
    place, last = 0, None
    for row in rows:
        if row.is_virtual:
            continue
        place += 1
        previous = last
        row.rank = previous.rank if previous is not None and key(previous) == key(row) else place
        last = row
    return rows
