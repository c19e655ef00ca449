"""How the queues and their workers stand: what waits, since when, how fast it goes, who works on it."""

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db.models import Count, Min
from django.utils import timezone
from rq import Queue
from rq.worker import BaseWorker

from notifications.events import metrics
from notifications.events.following import all_subscribers
from notifications.events.numbering import last_position
from notifications.models import (
    Announcement,
    Delivery,
    DomainEvent,
    Follower,
    MinuteMetric,
    Provider,
    State,
    WebhookDelivery,
)
from notifications.queues import queue_named

RATE_MINUTES = 5
CHART_MINUTES = 60
NOTHING = (0,) * CHART_MINUTES


@dataclass(frozen=True, slots=True)
class WorkerStanding:
    """One worker and what it does now."""

    name: str
    state: str
    doing: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class QueueStanding:
    """One queue.

    `depth` is jobs in Redis; `due_count` rows of the database that should be on their way already; `failed_count` jobs
    that raised an error and `failed_lately` failures within the charts' hour, each try counted.
    """

    name: str
    depth: int
    due_count: int
    oldest_seconds: float
    failed_count: int
    dead_count: int
    per_minute: float
    failed_lately: int
    done_chart: tuple[int, ...]
    depth_chart: tuple[int, ...]
    workers: tuple[WorkerStanding, ...]
    breaker: str

    @property
    def waiting(self) -> int:
        """What is to be done: rows where the queue has such, else jobs."""
        return self.due_count or self.depth

    @property
    def is_stuck(self) -> bool:
        """Whether something waits and nobody comes for it."""
        return self.oldest_seconds > STUCK_SECONDS


STUCK_SECONDS = 60
"""A sweeper looks every five seconds and a lease ends after ninety: what is due for longer has no worker."""


def queue_standings() -> list[QueueStanding]:
    """Every queue of the settings. Raises redis.RedisError where Redis is away."""
    now = timezone.now()
    workers = _workers()
    due = _due_rows(now)
    charts = _charts(now)
    dead = dict(Delivery.objects.filter(state=State.DEAD).values_list("channel").annotate(count=Count("id")))
    # Of push each service has a breaker of its own, under the channel's name and the service's.
    breakers = {
        provider.name.partition(" ")[0]: provider.error
        for provider in Provider.objects.filter(failure_count__gt=0, open_until__gt=now)
    }
    standings = []
    for name in settings.RQ_QUEUES:
        queue = queue_named(name)
        due_count, oldest = due.get(name, (0, None))
        done_chart = charts.get(f"queue.{name}.done", NOTHING)
        oldest_seconds = max(_age(oldest, now), _oldest_job_seconds(queue, now))
        standings.append(
            QueueStanding(
                name=name,
                depth=queue.count,
                due_count=due_count,
                oldest_seconds=oldest_seconds,
                failed_count=queue.failed_job_registry.count,
                dead_count=dead.get(name, 0),
                per_minute=sum(done_chart[-RATE_MINUTES - 1 : -1]) / RATE_MINUTES,
                failed_lately=sum(charts.get(f"queue.{name}.failed", NOTHING)),
                done_chart=done_chart,
                depth_chart=charts.get(f"queue.{name}.depth", NOTHING),
                workers=tuple(workers.get(name, ())),
                breaker=breakers.get(name, ""),
            )
        )
    return standings


def oldest_due_seconds() -> dict[str, float]:
    """How long the oldest that is due has waited on each queue: over a minute, and its worker is missing. Of rows
    alone where Redis is away."""
    now = timezone.now()
    ages = dict.fromkeys(settings.RQ_QUEUES, 0.0) | {
        name: _age(oldest, now) for name, (_, oldest) in _due_rows(now).items()
    }
    with suppress(redis.RedisError):
        for name in settings.RQ_QUEUES:
            ages[name] = max(ages[name], _oldest_job_seconds(queue_named(name), now))
    return ages


def note_depths() -> None:
    """Write down how much waits on each queue, for the charts: due rows where there are such, else jobs."""
    due = _due_rows(timezone.now())
    with suppress(redis.RedisError):
        levels = {name: max(due.get(name, (0,))[0], queue_named(name).count) for name in settings.RQ_QUEUES}
        metrics.keep_highest({f"queue.{name}.depth": level for name, level in levels.items()})


def follower_lags() -> dict[str, int]:
    """How many events each subscriber has yet to deal with."""
    newest = last_position()
    return {follower.name: max(newest - follower.cursor, 0) for follower in Follower.objects.order_by("name")}


def _due_rows(now: datetime) -> dict[str, tuple[int, datetime | None]]:
    rows = Delivery.objects.filter(due_at__lte=now).values_list("channel")
    found = {
        channel: (count, oldest) for channel, count, oldest in rows.annotate(count=Count("id"), oldest=Min("due_at"))
    }
    hooks = WebhookDelivery.objects.filter(due_at__lte=now).aggregate(count=Count("id"), oldest=Min("due_at"))
    unnumbered = DomainEvent.objects.filter(position__isnull=True).aggregate(count=Count("id"), oldest=Min("at"))
    untold = Announcement.objects.filter(finished_at__isnull=True).aggregate(count=Count("id"), oldest=Min("moved_at"))
    found["events"] = _worse((unnumbered["count"], unnumbered["oldest"]), (untold["count"], untold["oldest"]))
    newest = last_position()
    cursors = dict(Follower.objects.values_list("name", "cursor"))
    for subscriber in all_subscribers():
        cursor = cursors.get(subscriber.name, 0)
        first = DomainEvent.objects.filter(position__gt=cursor).order_by("position").values_list("at", flat=True)
        found[subscriber.queue] = _worse(found.get(subscriber.queue), (max(newest - cursor, 0), first.first()))
    found["webhooks"] = _worse(found.get("webhooks"), (hooks["count"], hooks["oldest"]))
    return found


def _worse(one: tuple[int, datetime | None] | None, other: tuple[int, datetime | None]) -> tuple[int, datetime | None]:
    """Both backlogs of a queue as one."""
    if one is None:
        return other
    return one[0] + other[0], min((at for at in (one[1], other[1]) if at is not None), default=None)


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0) if since is not None else 0.0


def _oldest_job_seconds(queue: Queue, now: datetime) -> float:
    for job in queue.get_jobs(0, 1):
        enqueued_at: datetime | None = job.enqueued_at
        return _age(enqueued_at, now)
    return 0.0


def _workers() -> dict[str, list[WorkerStanding]]:
    found: dict[str, list[WorkerStanding]] = {}
    connection = queue_named(next(iter(settings.RQ_QUEUES))).connection
    for worker in BaseWorker.all(connection=connection):
        raw: dict[bytes, bytes] = connection.hgetall(worker.key)  # type: ignore[assignment]  # the client is not async
        job_id = raw.get(b"current_job", b"").decode()
        standing = WorkerStanding(
            name=f"{worker.hostname}:{worker.pid}",
            state=raw.get(b"state", b"?").decode(),
            doing=_function_of(connection, job_id),
            since=worker.birth_date,
        )
        for name in raw.get(b"queues", b"").decode().split(","):
            found.setdefault(name, []).append(standing)
    return found


def _function_of(connection: "redis.Redis", job_id: str) -> str:
    if not job_id:
        return ""
    description = connection.hget(f"rq:job:{job_id}", "description")
    return description.decode()[:80] if isinstance(description, bytes) else ""


def _charts(now: datetime) -> dict[str, tuple[int, ...]]:
    """Every metric of queues in each of the last minutes, oldest first; the last one is still going on."""
    first = now.replace(second=0, microsecond=0) - timedelta(minutes=CHART_MINUTES - 1)
    rows = MinuteMetric.objects.filter(minute__gte=first, name__startswith=metrics.QUEUES)
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * CHART_MINUTES)
    for name, minute, count in rows.values_list("name", "minute", "count"):
        place = (minute - first) // timedelta(minutes=1)
        if place < CHART_MINUTES:  # a server's clock may be ahead
            counts[name][place] = count
    return {name: tuple(values) for name, values in counts.items()}
