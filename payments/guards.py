"""The database's own guards of the ledger: what is written stays, and a statement's entries add up to nothing."""

from typing import Any

TABLES = ("payments_entry", "payments_transfer")

_POSTGRESQL = """
CREATE FUNCTION payments_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on %', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER payments_entry_append_only BEFORE UPDATE OR DELETE ON payments_entry
    FOR EACH ROW EXECUTE FUNCTION payments_refuse_change();
CREATE TRIGGER payments_transfer_append_only BEFORE UPDATE OR DELETE ON payments_transfer
    FOR EACH ROW EXECUTE FUNCTION payments_refuse_change();
CREATE TRIGGER payments_entry_no_truncate BEFORE TRUNCATE ON payments_entry
    FOR EACH STATEMENT EXECUTE FUNCTION payments_refuse_change();
CREATE TRIGGER payments_transfer_no_truncate BEFORE TRUNCATE ON payments_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION payments_refuse_change();
CREATE FUNCTION payments_refuse_imbalance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added GROUP BY transfer_id HAVING sum(amount_paise) <> 0) THEN
        RAISE EXCEPTION 'entries of a transfer must add up to zero' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payments_entry_sums_to_zero AFTER INSERT ON payments_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION payments_refuse_imbalance();
"""

_POSTGRESQL_UNDO = """
DROP TRIGGER payments_entry_sums_to_zero ON payments_entry;
DROP TRIGGER payments_transfer_no_truncate ON payments_transfer;
DROP TRIGGER payments_entry_no_truncate ON payments_entry;
DROP TRIGGER payments_transfer_append_only ON payments_transfer;
DROP TRIGGER payments_entry_append_only ON payments_entry;
DROP FUNCTION payments_refuse_imbalance();
DROP FUNCTION payments_refuse_change();
"""


def sqlite_trigger_names() -> list[str]:
    return [f"{table}_no_{event.lower()}" for table in TABLES for event in ("UPDATE", "DELETE")]


def sqlite_triggers() -> list[str]:
    """The statements that make SQLite refuse changes of what is written."""
    return [
        f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: {event} on {table}'); END"
        for table in TABLES
        for event in ("UPDATE", "DELETE")
    ]


def install(_apps: Any, schema_editor: Any) -> None:
    """Migration step: put the guards up."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_POSTGRESQL, params=None)
    else:
        for statement in sqlite_triggers():
            schema_editor.execute(statement)


def reinstall(_apps: Any, schema_editor: Any) -> None:
    """Migration step after one that alters a guarded table: SQLite lost that table's triggers when it was remade."""
    if schema_editor.connection.vendor != "postgresql":
        for name, statement in zip(sqlite_trigger_names(), sqlite_triggers(), strict=True):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
            schema_editor.execute(statement)


def remove(_apps: Any, schema_editor: Any) -> None:
    """Migration step: take the guards down, when the migration is undone."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_POSTGRESQL_UNDO, params=None)
    else:
        for name in sqlite_trigger_names():
            schema_editor.execute(f"DROP TRIGGER {name}")
