"""Appending to streams: two statements, however many events and streams."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, LiteralString

import orjson
from django.db import connection, transaction
from django.utils import timezone

from notifications.models import Stream
from notifications.statements import Rows, Statement, execute_together
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
_MOVE_END = "UPDATE notifications_stream SET last_seq = %s WHERE id = %s"

# One parameter for all events: the ORM's bulk_create costs ten times as much of the server's time.
_INSERT = {
    "postgresql": """
        INSERT INTO notifications_event (stream_id, seq, type, at, data)
        SELECT (event->>'stream')::bigint, (event->>'seq')::bigint, event->>'type', %s::timestamptz, event->'data'
        FROM jsonb_array_elements(%s::jsonb) AS event
    """,
    "sqlite": """
        INSERT INTO notifications_event (stream_id, seq, type, at, data)
        SELECT json_extract(value, '$.stream'), json_extract(value, '$.seq'), json_extract(value, '$.type'), %s,
            json_extract(value, '$.data')
        FROM json_each(%s)
    """,
}


@dataclass(frozen=True, slots=True)
class Reserved:
    """Numbers of a stream that this transaction may give, from `first` on."""

    stream: str
    stream_id: int
    first: int


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
    names = sorted(name for name, events in news.items() if events)
    appended: dict[str, list[LiveEvent]] = {}
    for start in range(0, len(names), _STREAMS_AT_ONCE):
        taken = _take_numbers({name: len(news[name]) for name in names[start : start + _STREAMS_AT_ONCE]})
        events, statement = _insert([(reserved, news[reserved.stream]) for reserved in taken])
        execute_together(statement)
        appended |= events
    return appended


class StreamLock:
    """A stream's row, locked by this transaction: what it appends will be numbered from `next_seq` on.

    For whoever sends several statements at once (notifications/statements.py): `rows` has the row, if there is one.
    """

    def __init__(self, stream: str, rows: Sequence[Stream]) -> None:
        self.stream = stream
        if rows:
            self._end = Reserved(stream, rows[0].pk, rows[0].last_seq + 1)
        else:
            [self._end] = _take_numbers({stream: 0})  # its first event makes the stream

    @staticmethod
    def row(stream: str) -> Rows[Stream]:
        """What locks the row and fetches it."""
        return Rows(Stream, "name = %s", [stream], is_locking=True)

    @property
    def next_seq(self) -> int:
        return self._end.first

    def append(self, events: Sequence[Draft]) -> list[Statement]:
        """`streams.append`, once: the statements that do it, for the same transaction."""
        moved = (_MOVE_END, [self.next_seq + len(events) - 1, self._end.stream_id])
        return [moved, _insert([(self._end, events)])[1]]


def _take_numbers(counts: Mapping[str, int]) -> list[Reserved]:
    if not connection.in_atomic_block:
        raise ValueError("an append belongs in the transaction of what it tells about")
    values = [value for pair in counts.items() for value in pair]
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_NUMBERS.format(", ".join([_PLACE] * len(counts))), values)
        return [
            Reserved(name, stream_id, last_seq - counts[name] + 1) for stream_id, name, last_seq in cursor.fetchall()
        ]


def _insert(parts: Sequence[tuple[Reserved, Sequence[Draft]]]) -> tuple[dict[str, list[LiveEvent]], Statement]:
    """The events with their numbers, and the statement that stores them; they are published after the commit."""
    now = timezone.now()
    rows: list[dict[str, Any]] = []
    appended: dict[str, list[LiveEvent]] = {}
    for reserved, drafts in parts:
        events = [LiveEvent(reserved.first + n, type_, now, data) for n, (type_, data) in enumerate(drafts)]
        rows += [{"stream": reserved.stream_id, "seq": e.seq, "type": e.type, "data": e.data} for e in events]
        appended[reserved.stream] = events
        # Robust: what is committed is done, whatever becomes of the news.
        transaction.on_commit(partial(publish, reserved.stream, events), robust=True)
    at = connection.ops.adapt_datetimefield_value(now)
    return appended, (_INSERT[connection.vendor], [at, orjson.dumps(rows, default=str).decode()])
