"""Notices on their way into the outbox: two statements, however many people are told however different things."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from notifications.models import State
from notifications.outbox.wakeups import wake_workers


@dataclass(frozen=True, slots=True)
class Notice:
    """What one person is to be told; `key` is unique per person and kind."""

    user_id: int
    kind: str
    key: str
    data: dict[str, Any]
    url: str = ""


# One parameter for all rows: the ORM's bulk_create costs ten times as much of the server's time.
_TELL = {
    "postgresql": """
        INSERT INTO notifications_notification (user_id, kind, key, data, url, created_at)
        SELECT (value->>'user_id')::int, value->>'kind', value->>'key', value->'data', value->>'url', %s
        FROM jsonb_array_elements(%s::jsonb)
        ON CONFLICT (user_id, kind, key) DO NOTHING RETURNING id, kind
    """,
    "sqlite": """
        INSERT INTO notifications_notification (user_id, kind, key, data, url, created_at)
        SELECT json_extract(value, '$.user_id'), json_extract(value, '$.kind'), json_extract(value, '$.key'),
            json_extract(value, '$.data'), json_extract(value, '$.url'), %s
        FROM json_each(%s) WHERE true
        ON CONFLICT (user_id, kind, key) DO NOTHING RETURNING id, kind
    """,
}
_DELIVER = {
    "postgresql": """
        INSERT INTO notifications_delivery (notification_id, channel, state, due_at, claim, attempt_count, target,
            subject, body, provider_id, reason)
        SELECT (value->>0)::bigint, value->>1, %s, %s, '', 0, '', '', '', '', ''
        FROM jsonb_array_elements(%s::jsonb) RETURNING id, channel
    """,
    "sqlite": """
        INSERT INTO notifications_delivery (notification_id, channel, state, due_at, claim, attempt_count, target,
            subject, body, provider_id, reason)
        SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), %s, %s, '', 0, '', '', '', '', ''
        FROM json_each(%s) RETURNING id, channel
    """,
}


def write_notices(notices: Sequence[Notice], channels: Mapping[str, Sequence[str]], now: datetime) -> int:
    """Write what has not been told before, a delivery on each of its kind's channels, and wake the channels' workers
    after the commit; returns how many notices were new. Belongs in a transaction."""
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(_TELL[connection.vendor], [at, _json(notices)])
        places = [(id_, channel) for id_, kind in cursor.fetchall() for channel in channels[kind]]
        cursor.execute(_DELIVER[connection.vendor], [State.PENDING, at, _json(places)])
        due: dict[str, list[int]] = {}
        for id_, channel in cursor.fetchall():
            due.setdefault(channel, []).append(id_)
    for channel, ids in due.items():
        wake_workers(channel, ids)
    return len({id_ for id_, _ in places})


def _json(rows: Sequence[Any]) -> str:
    return orjson.dumps(rows).decode()
