"""Rewriting past events, so that what was deleted is not replayed."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.db import transaction

from notifications.models import Event
from notifications.streams.publisher import publish_redaction

_AT_ONCE = 500


def redact(stream: str, seqs: Sequence[int], change: Callable[[str, dict[str, Any]], dict[str, Any]]) -> int:
    """Rewrite the data of the events with these numbers, in the caller's transaction; they keep their numbers.

    `change` takes an event's type and data and answers the new data. Numbers that are no longer kept are passed over.
    After the commit the hubs read these events from the database again. Answers how many events there were.
    """
    count = 0
    for start in range(0, len(seqs), _AT_ONCE):
        events = list(Event.objects.filter(stream__name=stream, seq__in=seqs[start : start + _AT_ONCE]))
        for event in events:
            event.data = change(event.type, event.data)
        count += Event.objects.bulk_update(events, ["data"])
    if count:
        transaction.on_commit(partial(publish_redaction, stream, list(seqs)), robust=True)
    return count
