"""Publishing: a row in the caller's transaction, and after its commit a nudge that costs one round trip."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
import redis
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from notifications.queues import push_job, queue_named

logger = logging.getLogger(__name__)

QUEUE = "events"
SPREAD = "notifications.jobs.spread_events"

AWAKE_KEY = "chowk:events:awake"
AWAKE_SECONDS = 5
"""How long a nudge stands for later ones. The job takes it down before it looks; a lost job's runs out."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A domain event to be. `about` are the ids of the people whom it concerns: they may be told of it by their
    webhooks. `data` is JSON; a `milliseconds` in it is what the metrics show as its duration."""

    name: str
    data: dict[str, Any]
    actor_id: int | None = None
    about: Sequence[int] = ()


# One parameter for all events: the ORM's bulk_create costs ten times as much of the server's time.
_INSERT = {
    "postgresql": """
        INSERT INTO notifications_domainevent (name, at, data, actor_id, about)
        SELECT value->>'name', %s, value->'data', (value->>'actor_id')::bigint, value->'about'
        FROM jsonb_array_elements(%s::jsonb)
    """,
    "sqlite": """
        INSERT INTO notifications_domainevent (name, at, data, actor_id, about)
        SELECT json_extract(value, '$.name'), %s, json_extract(value, '$.data'), json_extract(value, '$.actor_id'),
            json_extract(value, '$.about')
        FROM json_each(%s)
    """,
}


def emit(name: str, data: dict[str, Any], *, actor: User | None = None, about: Iterable[User] = ()) -> None:
    """Publish that something has happened, in the caller's transaction; `about` are the people whom it concerns.

    Raises:
        ValueError: outside a transaction, where it could be told of something that was never kept.
    """
    emit_many([Draft(name, data, actor.pk if actor is not None else None, sorted({user.pk for user in about}))])


def emit_many(drafts: Sequence[Draft]) -> None:
    """`emit` for many, in one statement."""
    if not connection.in_atomic_block:
        raise ValueError("events.emit() belongs in the transaction of what it tells about")
    if not drafts:
        return
    with connection.cursor() as cursor:
        at = connection.ops.adapt_datetimefield_value(timezone.now())
        cursor.execute(_INSERT[connection.vendor], [at, orjson.dumps(drafts, default=str).decode()])
    if not any(hook[1] is nudge and hook[0] == set(connection.savepoint_ids) for hook in connection.run_on_commit):
        transaction.on_commit(nudge, robust=True)


def nudge() -> None:
    """Have the events looked at soon; one waiting job stands for any number of events."""
    try:
        first = queue_named(QUEUE).connection.set(AWAKE_KEY, 1, nx=True, ex=AWAKE_SECONDS)
    except redis.RedisError as error:
        logger.warning("could not tell of events, the sweeper will: %s", error)
        return
    if first:
        push_job(QUEUE, SPREAD)


def take_down_nudge() -> None:
    """From here on another event makes another job."""
    with suppress(redis.RedisError):  # it runs out by itself
        queue_named(QUEUE).connection.delete(AWAKE_KEY)
