"""What the judge does by the clock."""

import logging
from collections.abc import Callable
from datetime import timedelta

import redis
from django.utils import timezone

from judge.models import CustomRun, Submission
from judge.services import claims
from judge.services.callbacks import wake_if_due
from judge.services.contests import close_contests
from judge.services.problems import ask_for_lost_checks
from judge.services.runs import release_lost_runs
from judge.services.submissions import GRADE_JOB
from judge.verdicts import State
from notifications.queues import push_job, queue_named

logger = logging.getLogger("chowk.judge")

OVERDUE = timedelta(seconds=5)
"""A submission that is queued for longer should have a job on its queue."""


def sweep() -> None:
    """Bring back what was lost: claims of dead workers, and jobs that Redis forgot."""
    claims.release_lost_claims()
    release_lost_runs()
    for queue in Submission.Queue.values:
        waiting = Submission.objects.filter(
            queue=queue, state=State.QUEUED, created_at__lt=timezone.now() - OVERDUE
        ).count()
        waiting += CustomRun.objects.filter(
            queue=queue, state=State.QUEUED, created_at__lt=timezone.now() - OVERDUE
        ).count()
        if not waiting:
            continue
        try:
            missing = waiting - queue_named(queue).count
        except redis.RedisError as error:
            logger.warning("%s: Redis is away, %s submissions wait: %s", queue, waiting, error)
            continue
        for _ in range(missing):
            push_job(queue, GRADE_JOB, queue)


TASKS: list[tuple[timedelta, Callable[[], object]]] = [
    (timedelta(seconds=10), sweep),
    (timedelta(seconds=5), wake_if_due),
    (timedelta(seconds=30), close_contests),
    (timedelta(minutes=5), ask_for_lost_checks),
]
