"""`manage.py rqworker [queue …]`: django-rq's command with the worker and serializer that Chowk's queues need."""

import logging
import os
import time
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import CommandError
from django_rq.management.commands.rqworker import Command as RQCommand
from django_rq.utils import reset_db_connections
from django_rq.workers import get_worker
from rq.serializers import JSONSerializer

logger = logging.getLogger("chowk.worker")

WORKER_CLASS = "notifications.workers.SteadyWorker"


class Command(RQCommand):
    help = "Runs one worker: on the queues named, or on all of them. Waits for Redis where it is away."

    def handle(self, *args: str, **options: Any) -> None:
        unknown = set(args) - set(settings.RQ_QUEUES)
        if unknown:
            raise CommandError(
                f"no such queue: {', '.join(sorted(unknown))}. There are: {', '.join(settings.RQ_QUEUES)}."
            )
        if options["with_scheduler"]:
            raise CommandError("Chowk schedules nothing on RQ: `manage.py clock` brings work back when it is due.")
        if options["pid"]:
            Path(options["pid"]).expanduser().write_text(str(os.getpid()))
        # RQ tells of every job in four lines; what a job did stands in the database.
        logging.getLogger("rq").setLevel(logging.DEBUG if options["verbosity"] >= 2 else logging.WARNING)
        logging.getLogger("rq.worker").setLevel(logging.NOTSET)
        queues = args or tuple(settings.RQ_QUEUES)
        self._wait_for_redis(queues[0])
        worker = get_worker(
            *queues,
            worker_class=options["worker_class"] or WORKER_CLASS,
            queue_class=options["queue_class"],
            job_class=options["job_class"],
            name=options["name"],
            worker_ttl=options["worker_ttl"],
            serializer=JSONSerializer,
        )
        reset_db_connections()
        worker.work(burst=options["burst"], max_jobs=options["max_jobs"], max_idle_time=options["max_idle_time"])

    def _wait_for_redis(self, queue: str) -> None:
        """Return once Redis answers; says every five seconds for what it waits."""
        url = str(settings.RQ_QUEUES[queue]["URL"])
        connection = redis.Redis.from_url(url, socket_connect_timeout=2)
        last_said = 0.0
        while True:
            try:
                connection.ping()
            except redis.RedisError as error:
                if time.monotonic() - last_said > 5:
                    logger.warning("waiting for Redis: %s", error)
                    last_said = time.monotonic()
                time.sleep(0.2)
            else:
                connection.close()
                return
