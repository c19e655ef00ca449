"""The judge's jobs: a wake-up each; the submissions table says what is to be done."""

from judge import grading
from judge.models import Problem
from judge.packages.checking import check_problem as complaints_of
from judge.sandbox import SandboxError
from judge.services import callbacks
from judge.services.problems import finish_check
from notifications.queues import push_job


def grade_next(queue: str) -> None:
    """Grade the next submission of the queue, if there is one."""
    grading.grade_next(queue)


def post_callbacks() -> None:
    """Post what verdicts are due, and leave what is more than a batch to the next job."""
    if callbacks.post_due() >= callbacks.BATCH:
        push_job(callbacks.QUEUE, callbacks.POST_JOB)


def check_problem(problem_id: int) -> None:
    """Run the problem's own solutions, and publish it if they get what they should."""
    problem = Problem.objects.filter(pk=problem_id).first()
    if problem is None or problem.check_asked_at is None:
        return
    asked_at = problem.check_asked_at
    try:
        complaints = list(complaints_of(problem))
    except SandboxError as error:
        complaints = [f"The check could not be made: {error}"]
    finish_check(problem, asked_at=asked_at, complaints=complaints)
