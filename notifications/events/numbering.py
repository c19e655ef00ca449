"""Positions: one number after another, without gaps, for events that are committed."""

from django.db import connection, transaction

from notifications.models import DomainEvent, Stream

SEQUENCE = "domain-events"
"""The stream row that counts positions; its lock lets one worker number at a time."""

BATCH = 2000

_LOCK = """
    INSERT INTO notifications_stream (name, last_seq, trimmed_seq) VALUES (%s, 0, 0)
    ON CONFLICT (name) DO UPDATE SET last_seq = notifications_stream.last_seq RETURNING last_seq
"""
_NUMBER = """
    UPDATE notifications_domainevent SET position = %s + numbered.place
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM notifications_domainevent
          WHERE position IS NULL ORDER BY id LIMIT %s) AS numbered
    WHERE notifications_domainevent.id = numbered.id
"""


def number_events() -> int:
    """Give a position to every committed event that has none; returns how many. Of two that follow one another in
    time, the earlier has the lower id and is numbered first."""
    total = 0
    while True:
        count = _number_batch()
        total += count
        if count < BATCH:
            return total


@transaction.atomic
def _number_batch() -> int:
    if not DomainEvent.objects.filter(position__isnull=True).exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [SEQUENCE])
        last = cursor.fetchone()[0]
        cursor.execute(_NUMBER, [last, BATCH])
        count = max(cursor.rowcount, 0)
    Stream.objects.filter(name=SEQUENCE).update(last_seq=last + count)
    return count


def last_position() -> int:
    """The position of the newest numbered event, 0 where there is none."""
    return Stream.objects.filter(name=SEQUENCE).values_list("last_seq", flat=True).first() or 0
