"""Who solved most: points by difficulty, over all time or a month."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, F, Max, Q, QuerySet
from django.utils import timezone

from judge.models import Problem, Submission
from judge.verdicts import Verdict

POINTS = {Problem.Difficulty.EASY: 1, Problem.Difficulty.MEDIUM: 2, Problem.Difficulty.HARD: 4}
"""A solved problem is worth so many, by its difficulty."""

MONTH = timedelta(days=30)
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Place:
    """One person's line; equals share a rank."""

    rank: int
    user: User
    points: int
    easy: int
    medium: int
    hard: int

    @property
    def solved(self) -> int:
        return self.easy + self.medium + self.hard


def leaderboard(*, only_month: bool = False) -> list[Place]:
    """The best SHOWN. Two queries."""
    found = list(_scores(only_month)[:SHOWN])
    people = User.objects.in_bulk([row["author_id"] for row in found])
    places: list[Place] = []
    for number, row in enumerate(found, 1):
        is_equal = bool(places) and places[-1].points == row["points"]
        rank = places[-1].rank if is_equal else number
        counts = (row["points"], row["easy"], row["medium"], row["hard"])
        places.append(Place(rank, people[row["author_id"]], *counts))
    return places


def place_of(user: User, *, only_month: bool = False) -> Place | None:
    """The person's own place, also far down; None before the first solved problem. Two queries."""
    mine = _scores(only_month).filter(author_id=user.pk).first()
    if mine is None:
        return None
    better = _scores(only_month).filter(points__gt=mine["points"]).count()
    return Place(better + 1, user, mine["points"], mine["easy"], mine["medium"], mine["hard"])


def _scores(only_month: bool) -> "QuerySet[Submission, Any]":
    """A row per person: each published problem counts once. Who was there first stands first among equals."""
    solved = Submission.objects.filter(verdict=Verdict.ACCEPTED, problem__is_published=True, author__is_active=True)
    if only_month:
        solved = solved.filter(created_at__gte=timezone.now() - MONTH)

    def count(difficulty: int) -> Count:
        return Count("problem_id", filter=Q(problem__difficulty=difficulty), distinct=True)

    easy, medium, hard = Problem.Difficulty
    return (
        solved.order_by()
        .values("author_id")
        .annotate(easy=count(easy), medium=count(medium), hard=count(hard), last=Max("id"))
        .annotate(points=F("easy") * POINTS[easy] + F("medium") * POINTS[medium] + F("hard") * POINTS[hard])
        .order_by("-points", "last")
    )
