"""Appending to streams: two statements, however many events and streams."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, LiteralString

import orjson
from django.db import connection, transaction
from django.utils import timezone

from notifications.streams.log import LiveEvent
from notifications.streams.publisher import publish

Draft = tuple[str, dict[str, Any]]
"""An event to be: its type and its data."""

_STREAMS_AT_ONCE = 300  # SQLite takes at most 999 parameters where it is old

# Takes the numbers and the rows' locks in one statement; a new stream is made by its first event.
_TAKE_NUMBERS = """
    INSERT INTO notifications_stream (name, last_seq, trimmed_seq) VALUES {}
    ON CONFLICT (name) DO UPDATE SET last_seq = notifications_stream.last_seq + excluded.last_seq
    RETURNING id, name, last_seq
"""
_PLACE: LiteralString = "(%s, %s, 0)"

# One parameter for all events: the ORM's bulk_create costs ten times as much of the server's time.
_INSERT = {
    "postgresql": """
        INSERT INTO notifications_event (stream_id, seq, type, at, data)
        SELECT (event->>'stream')::bigint, (event->>'seq')::bigint, event->>'type', %s, event->'data'
        FROM jsonb_array_elements(%s::jsonb) AS event
    """,
    "sqlite": """
        INSERT INTO notifications_event (stream_id, seq, type, at, data)
        SELECT json_extract(value, '$.stream'), json_extract(value, '$.seq'), json_extract(value, '$.type'), %s,
            json_extract(value, '$.data')
        FROM json_each(%s)
    """,
}


def append(stream: str, events: Sequence[Draft]) -> list[LiveEvent]:
    """Append (type, data) pairs to a stream in the caller's transaction, and publish them after its commit.

    Numbers are taken under the stream's row lock, which is held until the commit: so they rise by one,
    without gaps, in commit order. Append as late in the transaction as you can.

    Raises:
        ValueError: outside a transaction, where the numbers could not be in commit order.
    """
    return append_many({stream: events}).get(stream, [])


def append_many(news: Mapping[str, Sequence[Draft]]) -> dict[str, list[LiveEvent]]:
    """`append` to each of the streams.

    They are locked in the order of their names, so that two such calls never wait for each other in a circle.
    """
    if not connection.in_atomic_block:
        raise ValueError("an append belongs in the transaction of what it tells about")
    names = sorted(name for name, events in news.items() if events)
    now = timezone.now()
    appended: dict[str, list[LiveEvent]] = {}
    for start in range(0, len(names), _STREAMS_AT_ONCE):
        appended |= _append({name: news[name] for name in names[start : start + _STREAMS_AT_ONCE]}, now)
    for name, events in appended.items():
        # Robust: what is committed is done, whatever becomes of the news.
        transaction.on_commit(partial(publish, name, events), robust=True)
    return appended


def _append(news: Mapping[str, Sequence[Draft]], now: datetime) -> dict[str, list[LiveEvent]]:
    taken = [value for name, events in news.items() for value in (name, len(events))]
    rows: list[dict[str, Any]] = []
    appended: dict[str, list[LiveEvent]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_NUMBERS.format(", ".join([_PLACE] * len(news))), taken)
        for stream_id, name, last_seq in cursor.fetchall():
            first = last_seq - len(news[name]) + 1
            appended[name] = [LiveEvent(first + n, type_, now, data) for n, (type_, data) in enumerate(news[name])]
            rows += [{"stream": stream_id, "seq": e.seq, "type": e.type, "data": e.data} for e in appended[name]]
        at = connection.ops.adapt_datetimefield_value(now)
        cursor.execute(_INSERT[connection.vendor], [at, orjson.dumps(rows, default=str).decode()])
    return appended
