"""Judging again what has a verdict; the old one is kept."""

from django.db import transaction

from judge import events
from judge.models import PastVerdict, Problem, Submission, TestResult
from judge.services.submissions import GRADE_JOB
from judge.verdicts import State
from notifications.queues import enqueue


def rejudge(submission: Submission) -> bool:
    """Queue a judged submission again; False where it is not done yet."""
    with transaction.atomic():
        fresh = Submission.objects.filter(pk=submission.pk, state=State.DONE).first()
        if fresh is None or fresh.finished_at is None:
            return False
        queued = Submission.objects.filter(pk=fresh.pk, state=State.DONE, finished_at=fresh.finished_at).update(
            state=State.QUEUED,
            verdict="",
            finished_at=None,
            failed_test=None,
            attempts=0,
            points=0,
            tests_done=0,
            tests_total=0,
            cpu_ms=None,
            memory_kib=None,
            detail="",
            compiler_output="",
            cancel_asked_at=None,
        )
        if not queued:
            return False
        PastVerdict.objects.create(
            submission=fresh,
            verdict=fresh.verdict,
            points=fresh.points,
            failed_test=fresh.failed_test,
            cpu_ms=fresh.cpu_ms,
            memory_kib=fresh.memory_kib,
            judged_at=fresh.finished_at,
        )
        TestResult.objects.filter(submission=fresh).delete()
        submission.refresh_from_db()
        events.append_state(submission)
        enqueue(submission.queue, GRADE_JOB, submission.queue)
    return True


def rejudge_problem(problem: Problem) -> int:
    """Queue all judged submissions of a problem again; how many."""
    return sum(rejudge(submission) for submission in problem.submissions.filter(state=State.DONE).order_by("id"))
