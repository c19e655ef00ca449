"""The worker of every queue: one process, no fork per job, at home with a Redis that comes and goes."""

import logging
import os
import signal
import sys
import time
from types import FrameType
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections, reset_queries
from django.utils import timezone
from rq import Queue, SimpleWorker
from rq.exceptions import DequeueTimeout, StopRequested
from rq.job import Job
from rq.worker import WorkerStatus

from notifications.events import metrics

logger = logging.getLogger("chowk.worker")

IDLE_WAIT_SECONDS = 1
"""A blocked worker looks up this often, so that a stop never has to break into a half-taken job."""

COUNT_THEMSELVES = frozenset((*settings.DELIVERY_QUEUES, "webhooks"))
"""Queues of which a job does many things, each counted on its own."""

FIRST_RECONNECT_SECONDS = 0.5
LONGEST_RECONNECT_SECONDS = 5.0

_stopping = False


def is_stopping() -> bool:
    """Whether this worker was asked to stop: a long job should hand back what it has not begun."""
    return _stopping


class SteadyWorker(SimpleWorker):
    """Runs jobs in its own process, one after another, until SIGTERM or SIGINT.

    The first signal lets the job end (jobs ask `is_stopping`); a second one, over a second later, ends it at once.
    Redis being away is waited out; a job lost with it is brought back by its app's sweeper, from the database.
    """

    log_result_lifespan = False

    def work(self, *args: Any, burst: bool = False, **kwargs: Any) -> bool:
        """Work until stopped, through any number of Redis failures."""
        self._install_signal_handlers()
        # From here on it can be told to stop.
        sys.stdout.write(f"Listening on {', '.join(self.queue_names())}\n")
        sys.stdout.flush()
        worked = False
        wait_seconds = FIRST_RECONNECT_SECONDS
        while not _stopping:
            try:
                self._come_back()
                wait_seconds = FIRST_RECONNECT_SECONDS
                worked = self._work_while_connected(burst, kwargs.get("max_jobs")) or worked
                break
            except redis.RedisError as error:
                logger.warning("Redis is away (%s), trying again in %.1f s", error, wait_seconds)
                self._sleep(wait_seconds)
                wait_seconds = min(wait_seconds * 2, LONGEST_RECONNECT_SECONDS)
        try:
            self.teardown()
        except redis.RedisError as error:
            logger.warning("could not take leave of Redis: %s", error)
        connections.close_all()
        logger.info("worker %s stopped", os.getpid())
        return worked

    def _work_while_connected(self, burst: bool, max_jobs: int | None) -> bool:
        done = 0
        while not _stopping:
            self.check_for_suspension(burst)
            taken = self._take(burst)
            if taken is None:
                if burst:
                    break
                continue
            self.execute_job(*taken)
            done += 1
            if max_jobs is not None and done >= max_jobs:
                break
        return done > 0

    def _take(self, burst: bool) -> tuple[Job, Queue] | None:
        """The next job, or None when a second has passed without one."""
        if self.should_run_maintenance_tasks:
            self.run_maintenance_tasks()
        self.heartbeat()
        try:
            taken = self.queue_class.dequeue_any(
                self._ordered_queues,
                None if burst else IDLE_WAIT_SECONDS,
                connection=self.connection,
                job_class=self.job_class,
                serializer=self.serializer,
                death_penalty_class=self.death_penalty_class,
            )
        except DequeueTimeout:
            return None
        if taken is not None:
            taken[0].redis_server_version = self.get_redis_server_version()
        return taken

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run one job between two looks at the database connections."""
        close_old_connections()
        reset_queries()
        try:
            super().execute_job(job, queue)
        finally:
            close_old_connections()

    def perform_job(self, job: Job, queue: Queue) -> bool:
        """Run the job, and count it for the staff's page, unless its queue counts what it does itself."""
        began = time.monotonic()
        well = super().perform_job(job, queue)
        if queue.name not in COUNT_THEMSELVES:
            took = (time.monotonic() - began) * 1000
            try:
                metrics.add([(f"queue.{queue.name}.{'done' if well else 'failed'}", timezone.now(), took)])
            except DatabaseError as error:
                logger.warning("could not count a job of %s: %s", queue.name, error)
        return well

    def _come_back(self) -> None:
        """Register with a Redis that may be new, empty, or the same as before."""
        self.connection.ping()
        if self.birth_date is None:
            self.register_birth()
        else:
            self.connection.delete(self.key)
            self.register_birth()
            logger.info("Redis is back, worker %s goes on", os.getpid())
        if self.pubsub_thread is None:
            self.subscribe()
        self.set_state(WorkerStatus.IDLE)

    def _pubsub_exception_handler(self, exc: Exception, pubsub: Any, pubsub_thread: Any) -> None:
        # The commands' channel reconnects by itself; the main loop is the one that says so in the log.
        if not isinstance(exc, redis.RedisError | OSError):
            raise exc
        time.sleep(LONGEST_RECONNECT_SECONDS)

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not _stopping and time.monotonic() < until:
            time.sleep(0.05)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """First signal: stop after this job. It only sets a flag, so it can never lose a job half taken."""
        global _stopping
        _stopping = True
        self._stop_requested = True
        self._stop_asked_at = time.monotonic()
        signal.signal(signal.SIGINT, self.request_force_stop)
        signal.signal(signal.SIGTERM, self.request_force_stop)
        logger.info("worker %s stops after its job", os.getpid())

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """Second signal: give up the job. One Ctrl-C may arrive twice, from the terminal and from the runner."""
        if time.monotonic() - self._stop_asked_at > 1:
            raise SystemExit(1)

    def check_for_suspension(self, burst: bool) -> None:
        try:
            super().check_for_suspension(burst)
        except StopRequested:
            self.request_stop(signal.SIGTERM, None)
