"""The number of the stream's event stands with each message and each edit, so that a deletion finds them at once."""

from django.db import migrations, models

# What is kept of the streams already; SQLite and PostgreSQL differ in how they read JSON.
POSTED = """
    UPDATE chat_message SET event_seq = e.seq
    FROM notifications_event e JOIN notifications_stream s ON s.id = e.stream_id
    WHERE e.type = 'message.posted' AND s.name = 'room:' || chat_message.room_id AND chat_message.id = {id}
"""
# The edit that was told next after a version was replaced; two within one moment share the later event.
EDITED = """
    UPDATE chat_messageversion SET event_seq = (
        SELECT min(e.seq) FROM notifications_event e JOIN notifications_stream s ON s.id = e.stream_id
        JOIN chat_message m ON m.id = chat_messageversion.message_id
        WHERE e.type = 'message.edited' AND s.name = 'room:' || m.room_id AND m.id = {id}
            AND e.at >= chat_messageversion.replaced_at
    )
"""
ID_OF = {"sqlite": "json_extract(e.data, '$.id')", "postgresql": "(e.data->>'id')::bigint"}


def fill(apps, schema_editor):
    for statement in (POSTED, EDITED):
        schema_editor.execute(statement.format(id=ID_OF[schema_editor.connection.vendor]))


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0003_full_text_search"),
        ("notifications", "0001_streams_and_contacts"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="event_seq",
            field=models.BigIntegerField(
                blank=True, help_text="The event that told of it, in the room's stream.", null=True
            ),
        ),
        migrations.AddField(
            model_name="messageversion",
            name="event_seq",
            field=models.BigIntegerField(
                blank=True, help_text="The event that told of the edit, in the room's stream.", null=True
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
