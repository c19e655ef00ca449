"""Reads of the judge. Permission is in the loaders: what they return, the person may see."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from judge.comparisons import Comparison, compare
from judge.errors import ProblemNotFound, RunNotFound, SubmissionNotFound
from judge.models import ContestProblem, CustomRun, PastVerdict, Problem, Submission, Test, TestResult
from judge.verdicts import STARTED, State, Verdict

WAIT_FROM = 20
"""Submissions of late from which the wait of the next is estimated."""


@dataclass(frozen=True, slots=True)
class ProblemCard:
    """A problem in the list, with how this person stands on it."""

    problem: Problem
    solvers: int
    is_solved: bool
    is_tried: bool


def visible_problems(user: Any) -> QuerySet[Problem]:
    """The problems this person may see."""
    problems = Problem.objects.all()
    if user.is_staff:
        return problems
    started = ContestProblem.objects.filter(
        problem=OuterRef("pk"), contest__is_published=True, contest__starts_at__lte=timezone.now()
    )
    return problems.filter(Q(is_published=True) | Exists(started))


def problem_for(user: Any, slug: str) -> Problem:
    """Raises ProblemNotFound, also where it exists and is not published."""
    problem = visible_problems(user).filter(slug=slug).first()
    if problem is None:
        raise ProblemNotFound
    return problem


def problem_cards(user: Any, *, search: str = "", difficulty: int | None = None, tag: str = "") -> list[ProblemCard]:
    """The visible problems that match, easiest first. Two queries."""
    problems = visible_problems(user).defer("statement", "editorial")
    if search:
        problems = problems.filter(title__icontains=search)
    if difficulty:
        problems = problems.filter(difficulty=difficulty)
    solved = Q(submissions__verdict=Verdict.ACCEPTED)
    counted = Count("submissions__author", filter=solved, distinct=True)
    # A grouped query ignores the model's own ordering.
    problems = problems.annotate(solvers=counted).order_by("difficulty", "title")
    mine = dict[int, bool]()
    for problem_id, verdict in Submission.objects.filter(author_id=user.pk).values_list("problem_id", "verdict"):
        mine[problem_id] = mine.get(problem_id, False) or verdict == Verdict.ACCEPTED
    return [
        ProblemCard(p, p.solvers, mine.get(p.pk, False), p.pk in mine) for p in problems if not tag or tag in p.tags
    ]


def samples_of(problem: Problem) -> list[Test]:
    """The tests whose input and answer anyone may see."""
    return list(problem.tests.filter(group__is_sample=True).order_by("number"))


def has_solved(user: Any, problem: Problem) -> bool:
    """Whether a submission of this person was accepted."""
    return Submission.objects.filter(problem=problem, author_id=user.pk, verdict=Verdict.ACCEPTED).exists()


def submission_for(user: Any, submission_id: int) -> Submission:
    """The submission, for its author or for staff.

    Raises:
        SubmissionNotFound: also where it is someone else's.
    """
    submissions = Submission.objects.select_related("problem", "author")
    if not user.is_staff:
        submissions = submissions.filter(author_id=user.pk)
    submission = submissions.filter(pk=submission_id).first()
    if submission is None:
        raise SubmissionNotFound
    return submission


def may_read_submission(user: Any, key: str) -> bool:
    """Whether the person may read the stream `submission:<key>`."""
    if not (key.isascii() and key.isdigit() and len(key) < 19) or not user.is_authenticated:
        return False
    try:
        submission_for(user, int(key))
    except SubmissionNotFound:
        return False
    return True


def run_for(user: Any, run_id: int) -> CustomRun:
    """One's own custom run. Raises RunNotFound."""
    run = CustomRun.objects.filter(author_id=user.pk, pk=run_id).first()
    if run is None:
        raise RunNotFound
    return run


def may_read_run(user: Any, key: str) -> bool:
    """Whether the person may read the stream `run:<key>`."""
    if not (key.isascii() and key.isdigit() and len(key) < 19) or not user.is_authenticated:
        return False
    return CustomRun.objects.filter(author_id=user.pk, pk=int(key)).exists()


def submissions_of(user: Any, *, problem: Problem | None = None) -> QuerySet[Submission]:
    """The person's submissions, the newest first, without their code."""
    submissions = Submission.objects.filter(author_id=user.pk).select_related("problem")
    if problem is not None:
        submissions = submissions.filter(problem=problem)
    return submissions.defer("source", "compiler_output", "problem__statement", "problem__editorial").order_by("-id")


def latest_submissions(user: User, limit: int) -> list[Submission]:
    """The person's newest submissions, with their problems. One query."""
    return list(submissions_of(user)[:limit])


def solved_count(user: User) -> int:
    """How many published problems the person has solved. One query."""
    solved = Submission.objects.filter(author=user, verdict=Verdict.ACCEPTED, problem__is_published=True)
    return solved.values("problem_id").distinct().count()


def submissions_per_day(user: User, *, since: date) -> dict[date, int]:
    """How many submissions the person made on each day from `since`, in the current time zone. One query."""
    days = (
        Submission.objects.filter(author=user, created_at__gte=timezone.make_aware(datetime.combine(since, time.min)))
        .annotate(day=TruncDate("created_at"))
        .values_list("day")
        .annotate(count=Count("id"))
    )
    return dict(days)


@dataclass(frozen=True, slots=True)
class TestLine:
    """A test in a submission's report; a sample with all that it says, a hidden one without."""

    result: TestResult
    sample: Test | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a submission's page shows of its tests."""

    lines: list[TestLine]
    position: int
    """In its queue, from 1; 0 where it is not waiting."""
    wait_seconds: int | None = None
    """Estimated until its turn; None where it is not waiting, or nothing is known."""
    comparison: Comparison | None = None
    past: list[PastVerdict] = field(default_factory=list)
    """Verdicts from before a rejudge, the newest first."""


def report_of(submission: Submission) -> Report:
    """The results of a submission. Three queries, one more where it was accepted, three more while it waits."""
    results = list(submission.results.all())
    samples = {}
    if any(result.is_sample for result in results):
        samples = {
            test.number: test for test in Test.objects.filter(problem_id=submission.problem_id, group__is_sample=True)
        }
    lines = [TestLine(result, samples.get(result.number) if result.is_sample else None) for result in results]
    position = position_of(submission) if submission.state == State.QUEUED else 0
    return Report(
        lines=lines,
        position=position,
        wait_seconds=wait_seconds(submission.queue, position) if position else None,
        comparison=compare(submission),
        past=list(submission.past_verdicts.all()),
    )


def wait_seconds(queue: str, position: int) -> int | None:
    """How long until the turn of that position, from what the queue's last submissions took. Two queries."""
    latest = Submission.objects.filter(queue=queue, state=State.DONE, claimed_at__isnull=False).order_by("-id")
    took = [
        (finished_at - claimed_at).total_seconds()
        for claimed_at, finished_at in latest.values_list("claimed_at", "finished_at")[:WAIT_FROM]
        if claimed_at and finished_at
    ]
    if not took:
        return None
    at_work = max(1, Submission.objects.filter(queue=queue, state__in=STARTED).count())
    return max(1, round(sum(took) / len(took) * position / at_work))


def position_of(submission: Submission) -> int:
    """How many submissions are served up to this one, in the fair order of `claims.claim_next`. One query."""
    queued = (
        Submission.objects.filter(queue=submission.queue, state=State.QUEUED)
        .annotate(served_at=F("author__judge_turn__served_at"))
        .values_list("author_id", "served_at", "id")
        .order_by("id")
    )
    waiting: dict[int, list[int]] = {}
    turns: dict[int, tuple[bool, Any, int]] = {}
    for author_id, served_at, id_ in queued:
        waiting.setdefault(author_id, []).append(id_)
        turns.setdefault(author_id, (served_at is not None, served_at or 0, id_))
    mine = waiting.get(submission.author_id, [])
    if submission.pk not in mine:
        return 0
    rank = mine.index(submission.pk) + 1
    # Turns go round: before my r-th turn all others have had r - 1, and those who stand before me one more.
    return rank + sum(
        min(len(ids), rank if turns[author_id] < turns[submission.author_id] else rank - 1)
        for author_id, ids in waiting.items()
        if author_id != submission.author_id
    )
