"""The rows of new messages, in one statement with one parameter: bulk_create costs a server ten times the work."""

from collections.abc import Sequence

import orjson
from django.db import connection

from chat.models import Message

_INSERT = {
    "postgresql": """
    INSERT INTO chat_message (room_id, created_at, number, author_id, bot_name, client_id, body, html, reply_to_id,
        thread_root_id, reply_count)
    SELECT %s, %s, number, author_id, bot_name, client_id, body, html, reply_to_id, thread_root_id, 0
    FROM json_to_recordset(%s::json) AS given(number bigint, author_id int, bot_name text, client_id uuid, body text,
        html text, reply_to_id bigint, thread_root_id bigint)
    RETURNING number, id
    """,
    "sqlite": """
    INSERT INTO chat_message (room_id, created_at, number, author_id, bot_name, client_id, body, html, reply_to_id,
        thread_root_id, reply_count)
    SELECT %s, %s, value->>'number', value->>'author_id', value->>'bot_name', value->>'client_id', value->>'body',
        value->>'html', value->>'reply_to_id', value->>'thread_root_id', 0
    FROM json_each(%s)
    RETURNING number, id
    """,
}


class MessageInsert:
    """New messages of one room and one moment on their way into the database; `finish` gives them their ids.

    In between other statements can be sent (notifications/pipelining.py).
    Raises IntegrityError, now or in `finish`, for a `client_id` that its author used before.
    """

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        first = messages[0]
        at = connection.ops.adapt_datetimefield_value(first.created_at)
        rows = [
            {
                "number": message.number,
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
        self._cursor = connection.cursor()
        self._cursor.execute(_INSERT[connection.vendor], [first.room_id, at, orjson.dumps(rows).decode()])

    def finish(self) -> None:
        ids = dict(self._cursor.fetchall())
        self._cursor.close()
        for message in self._messages:
            message.pk = ids[message.number]
            message._state.adding = False
