"""The rows of new messages, in one statement with one parameter: bulk_create costs a server ten times the work."""

from collections.abc import Sequence

import orjson
from django.db import connection

from chat.models import Message
from notifications.statements import Statement

_NEXT_IDS = {
    "postgresql": "SELECT nextval(pg_get_serial_sequence('chat_message', 'id')) FROM generate_series(1, %s::int)",
    # Whoever writes is alone, so the newest id stays the newest until these are used.
    "sqlite": """
    WITH RECURSIVE next(id, count) AS (
        SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'chat_message'), 0) + 1, %s
        UNION ALL SELECT id + 1, count - 1 FROM next WHERE count > 1)
    SELECT id FROM next
    """,
}

_INSERT = {
    "postgresql": """
    INSERT INTO chat_message (room_id, created_at, id, number, event_seq, author_id, bot_name, client_id, body, html,
        reply_to_id, thread_root_id, reply_count)
    SELECT %s::bigint, %s::timestamptz, id, number, event_seq, author_id, bot_name, client_id, body, html,
        reply_to_id, thread_root_id, 0
    FROM json_to_recordset(%s::json) AS given(id bigint, number bigint, event_seq bigint, author_id int, bot_name text,
        client_id uuid, body text, html text, reply_to_id bigint, thread_root_id bigint)
    """,
    "sqlite": """
    INSERT INTO chat_message (room_id, created_at, id, number, event_seq, author_id, bot_name, client_id, body, html,
        reply_to_id, thread_root_id, reply_count)
    SELECT %s, %s, value->>'id', value->>'number', value->>'event_seq', value->>'author_id', value->>'bot_name',
        value->>'client_id', value->>'body', value->>'html', value->>'reply_to_id', value->>'thread_root_id', 0
    FROM json_each(%s)
    """,
}


def next_ids(count: int) -> Statement:
    """What gives ids to as many new messages of the caller's transaction, one in each row."""
    return _NEXT_IDS[connection.vendor], [count]


def insert(messages: Sequence[Message]) -> Statement:
    """What stores new messages of one room and one moment, whose ids and numbers are set.

    It raises IntegrityError for a `client_id` that its author used before.
    """
    first = messages[0]
    at = connection.ops.adapt_datetimefield_value(first.created_at)
    rows = [
        {
            "id": message.pk,
            "number": message.number,
            "event_seq": message.event_seq,
            "author_id": message.author_id,
            "bot_name": message.bot_name,
            "client_id": message.client_id.hex if message.client_id else None,
            "body": message.body,
            "html": message.html,
            "reply_to_id": message.reply_to_id,
            "thread_root_id": message.thread_root_id,
        }
        for message in messages
    ]
    return _INSERT[connection.vendor], [first.room_id, at, orjson.dumps(rows).decode()]
