"""Waking workers: jobs carry ids, the rows in the database say what there is to do."""

import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import django_rq
import redis
from django.conf import settings
from django.db import transaction
from rq import Queue

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 1.0
"""A web request must not hang on a Redis that is away: the sweeper brings the work back."""

FAILED_JOB_SECONDS = 86400
"""How long a failed job's traceback stays on the dashboard; its row in the database is what counts."""


@lru_cache(maxsize=64)
def _queue(name: str, redis_url: str) -> Queue:
    connection = redis.Redis.from_url(redis_url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=5)
    return django_rq.get_queue(name, commit_mode="auto", connection=connection)


def queue_named(name: str) -> Queue:
    """The RQ queue of that name, on a connection that gives up quickly."""
    return _queue(name, str(settings.RQ_QUEUES[name]["URL"]))


class Job(NamedTuple):
    """A call of `function_path(*args)` by a worker of the queue; arguments are JSON."""

    queue: str
    function_path: str
    args: Sequence[Any] = ()


def push_jobs(jobs: Sequence[Job]) -> bool:
    """Put jobs on their queues at once, in one round trip; False, with a line in the log, where Redis is away."""
    if not jobs:
        return True
    try:
        with queue_named(jobs[0].queue).connection.pipeline() as pipeline:
            for job in jobs:
                queue_named(job.queue).enqueue(
                    job.function_path, *job.args, result_ttl=0, failure_ttl=FAILED_JOB_SECONDS, pipeline=pipeline
                )
            pipeline.execute()
    except redis.RedisError as error:
        names = ", ".join(f"{job.queue}: {job.function_path}" for job in jobs)
        logger.warning("could not enqueue %s, the sweeper will: %s", names, error)
        return False
    return True


def push_job(queue: str, function_path: str, *args: Any) -> bool:
    """`push_jobs()` for one."""
    return push_jobs([Job(queue, function_path, args)])


def enqueue(queue: str, function_path: str, *args: Any) -> None:
    """Enqueue `function_path(*args)` once the current transaction commits; at once outside of one.

    Arguments must be JSON. Never raises for a Redis that is away: whoever calls this has a row in the database that
    says what is to be done, and a sweeper in `clock.py` that enqueues it again within 30 seconds.
    """
    if queue not in settings.RQ_QUEUES:
        raise ValueError(f"there is no queue {queue!r} in RQ_QUEUES")
    transaction.on_commit(lambda: push_job(queue, function_path, *args), robust=True)
