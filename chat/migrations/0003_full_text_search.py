"""The full-text index of messages: a generated column on PostgreSQL, an FTS5 table with triggers on SQLite.

A later migration that makes SQLite build chat_message anew (AlterField and the like) drops the triggers with the
old table: it must run SQLITE again. A test watches that they are there.
"""

from django.db import migrations

SQLITE = [
    """CREATE VIRTUAL TABLE IF NOT EXISTS chat_message_search
       USING fts5(body, content='chat_message', content_rowid='id', tokenize="unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'")""",
    """CREATE TRIGGER IF NOT EXISTS chat_message_search_insert AFTER INSERT ON chat_message BEGIN
         INSERT INTO chat_message_search(rowid, body) VALUES (new.id, new.body); END""",
    """CREATE TRIGGER IF NOT EXISTS chat_message_search_delete AFTER DELETE ON chat_message BEGIN
         INSERT INTO chat_message_search(chat_message_search, rowid, body) VALUES ('delete', old.id, old.body); END""",
    """CREATE TRIGGER IF NOT EXISTS chat_message_search_update AFTER UPDATE OF body ON chat_message BEGIN
         INSERT INTO chat_message_search(chat_message_search, rowid, body) VALUES ('delete', old.id, old.body);
         INSERT INTO chat_message_search(rowid, body) VALUES (new.id, new.body); END""",
    "INSERT INTO chat_message_search(chat_message_search) VALUES ('rebuild')",
]
SQLITE_BACK = [
    "DROP TRIGGER IF EXISTS chat_message_search_insert",
    "DROP TRIGGER IF EXISTS chat_message_search_delete",
    "DROP TRIGGER IF EXISTS chat_message_search_update",
    "DROP TABLE IF EXISTS chat_message_search",
]
POSTGRESQL = [
    """ALTER TABLE chat_message ADD COLUMN search tsvector
       GENERATED ALWAYS AS (to_tsvector('simple', body)) STORED""",
    "CREATE INDEX chat_message_search ON chat_message USING gin (search)",
]
POSTGRESQL_BACK = ["ALTER TABLE chat_message DROP COLUMN IF EXISTS search"]


def forwards(apps, schema_editor):
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in {"sqlite": SQLITE_BACK, "postgresql": POSTGRESQL_BACK}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("chat", "0002_conversation_moderation_files_webhooks")]

    operations = [migrations.RunPython(forwards, backwards)]
