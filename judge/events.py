"""What the streams of submissions tell: each event is the whole state, so that the last one is enough."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from judge.models import Participation, Submission, TestResult
from judge.verdicts import Verdict
from notifications import streams

STATE = "submission.state"
SCOREBOARD = "scoreboard.changed"


def append_state(submission: Submission, results: Sequence[TestResult] = ()) -> None:
    """Tell where the submission stands, and the results that are new; in the caller's transaction."""
    streams.append(submission.stream, [(STATE, state_of(submission, results))])


def append_contest_change(submission: Submission) -> None:
    """Tell the contest of a submission that its scoreboard may have changed; not by what, for it may be frozen."""
    if submission.participation_id is None:
        return
    participation = Participation.objects.select_related("contest").get(pk=submission.participation_id)
    if not participation.is_virtual and not participation.contest.is_frozen(timezone.now()):
        streams.append(participation.contest.stream, [(SCOREBOARD, {"user": submission.author_id})])


def state_of(submission: Submission, results: Sequence[TestResult] = ()) -> dict[str, Any]:
    """The submission as events and the API show it. Nothing of a hidden test but its verdict and its cost."""
    return {
        "id": submission.pk,
        "state": submission.state,
        "waiting_reason": submission.waiting_reason,
        "tests_done": submission.tests_done,
        "tests_total": submission.tests_total,
        "verdict": submission.verdict,
        "verdict_name": Verdict(submission.verdict).label if submission.verdict else "",
        "failed_test": submission.failed_test,
        "points": submission.points,
        "points_total": submission.points_total,
        "cpu_ms": submission.cpu_ms,
        "memory_kib": submission.memory_kib,
        "detail": submission.detail,
        "results": [
            {"number": r.number, "verdict": r.verdict, "cpu_ms": r.cpu_ms, "memory_kib": r.memory_kib} for r in results
        ],
    }
