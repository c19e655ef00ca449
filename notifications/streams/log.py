"""The event log: the database is the truth, what is published only carries the news."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from notifications.models import Event, Stream

READ_LIMIT = 1000
"""Events in one answer at most; a reader that is further behind asks again."""

_NAMES_PER_QUERY = 500  # SQLite takes at most 999 parameters where it is old

_TRIM_PART = 500


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """An event as every transport shows it."""

    seq: int
    type: str
    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Slice:
    """All that follows a cursor, up to READ_LIMIT events; `last_seq` is the newest number in the log."""

    events: list[LiveEvent]
    last_seq: int


@dataclass(frozen=True, slots=True)
class Reset:
    """The cursor cannot be followed (older than what is kept, or ahead of the log): start afresh at `last_seq`."""

    last_seq: int


def read(stream: str, *, after: int, limit: int = READ_LIMIT) -> Slice | Reset:
    """Everything in the stream that follows the event number `after`, oldest first; never a part of it silently."""
    row = Stream.objects.filter(name=stream).values("id", "last_seq", "trimmed_seq").first()
    if row is None:
        return Slice([], 0) if after == 0 else Reset(0)
    if after < row["trimmed_seq"] or after > row["last_seq"]:
        return Reset(row["last_seq"])
    rows = Event.objects.filter(stream_id=row["id"], seq__gt=after).order_by("seq")[:limit]
    events = [LiveEvent(e.seq, e.type, e.at, e.data) for e in rows]
    if row["last_seq"] > after and (not events or events[0].seq != after + 1):
        return Reset(row["last_seq"])  # trimmed between the two queries
    return Slice(events, row["last_seq"])


def trim(*, keep: timedelta, keep_events: int) -> int:
    """Forget events that are older than `keep`, and all but the newest `keep_events` of each stream.

    A reader whose cursor is in the forgotten part gets a Reset, never the rest alone: the mark moves first.
    Returns the number of events deleted.
    """
    cutoff = timezone.now() - keep
    oldest = Event.objects.filter(seq=F("stream__trimmed_seq") + 1)
    aged = oldest.filter(at__lt=cutoff).values_list("stream_id", flat=True)
    long = Stream.objects.filter(last_seq__gt=F("trimmed_seq") + keep_events).values_list("pk", flat=True)
    return sum(_trim_stream(pk, cutoff, keep_events) for pk in {*aged, *long})


def _trim_stream(stream_id: int, cutoff: datetime, keep_events: int) -> int:
    stream = Stream.objects.get(pk=stream_id)
    young = Event.objects.filter(stream=stream, at__gte=cutoff).order_by("seq").values_list("seq", flat=True).first()
    up_to = max(stream.last_seq if young is None else young - 1, stream.last_seq - keep_events)
    Stream.objects.filter(pk=stream_id, trimmed_seq__lt=up_to).update(trimmed_seq=up_to)
    deleted = 0
    while True:
        # In parts, so that SQLite's one writer is never held for long.
        part = Event.objects.filter(stream=stream, seq__lte=up_to).order_by("seq").values("pk")[:_TRIM_PART]
        count, _ = Event.objects.filter(pk__in=list(part.values_list("pk", flat=True))).delete()
        deleted += count
        if count < _TRIM_PART:
            return deleted


def last_seq(stream: str) -> int:
    """The number of the stream's newest event, 0 for a stream without any."""
    return Stream.objects.filter(name=stream).values_list("last_seq", flat=True).first() or 0


def last_seqs(streams: Sequence[str]) -> dict[str, int]:
    """The newest number of each of the streams that has events."""
    tails: dict[str, int] = {}
    for start in range(0, len(streams), _NAMES_PER_QUERY):
        names = streams[start : start + _NAMES_PER_QUERY]
        tails.update(Stream.objects.filter(name__in=names).values_list("name", "last_seq"))
    return tails
