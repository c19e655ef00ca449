"""What the judge's reads answer: order, standing, and a person's figures."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from judge.models import Problem, Submission
from judge.queries import problem_cards, solved_count, submissions_per_day
from judge.verdicts import State, Verdict
from tests.judge.factories import make_problem, make_submission, make_user

pytestmark = pytest.mark.django_db


def accept(submission: Submission) -> None:
    done = {"state": State.DONE, "verdict": Verdict.ACCEPTED, "finished_at": timezone.now()}
    Submission.objects.filter(pk=submission.pk).update(**done)


def test_the_easiest_problems_stand_first():
    for slug, difficulty in [("a", Problem.Difficulty.HARD), ("b", Problem.Difficulty.EASY)]:
        make_problem(slug=slug, title=slug, difficulty=difficulty)
    assert [card.problem.slug for card in problem_cards(make_user())] == ["b", "a"]


def test_a_problem_solved_twice_counts_once():
    asha, problem = make_user(), make_problem()
    for _ in range(2):
        accept(make_submission(author=asha, problem=problem))
    make_submission(author=asha)
    assert solved_count(asha) == 1
    assert solved_count(make_user()) == 0


def test_submissions_are_counted_by_the_day_of_the_reader():
    asha = make_user()
    late = make_submission(author=asha)
    Submission.objects.filter(pk=late.pk).update(created_at="2026-03-01T20:00:00Z")
    with timezone.override("Asia/Kolkata"):
        assert submissions_per_day(asha, since=date(2026, 3, 2)) == {date(2026, 3, 2): 1}
    with timezone.override("UTC"):
        assert submissions_per_day(asha, since=date(2026, 3, 1)) == {date(2026, 3, 1): 1}
        assert submissions_per_day(asha, since=date(2026, 3, 1) + timedelta(days=1)) == {}
