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


# SQLite has neither triggers per statement nor at the commit, so here each entry must be one of its transfer's two
# sides, once: any two of them add up to zero. A side that is missing only check_ledger finds.
_SQLITE_SIDES = """
CREATE TRIGGER payments_entry_is_a_side BEFORE INSERT ON payments_entry
WHEN NOT EXISTS (
    SELECT 1 FROM payments_transfer
    WHERE id = NEW.transfer_id
        AND (payer_id = NEW.account_id AND amount_paise = -NEW.amount_paise
            OR payee_id = NEW.account_id AND amount_paise = NEW.amount_paise)
) OR EXISTS (SELECT 1 FROM payments_entry WHERE transfer_id = NEW.transfer_id AND account_id = NEW.account_id)
BEGIN SELECT RAISE(ABORT, 'entries of a transfer must add up to zero'); END
"""
_SQLITE_SIDES_UNDO = "DROP TRIGGER IF EXISTS payments_entry_is_a_side"


def sqlite_trigger_names() -> list[str]:
    """Of all guards on SQLite."""
    return [*_append_only(), "payments_entry_is_a_side"]


def sqlite_triggers() -> list[str]:
    """The statements that put all guards up on SQLite."""
    return [*_append_only().values(), _SQLITE_SIDES]


def _append_only() -> dict[str, str]:
    return {
        f"{table}_no_{event.lower()}": f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: {event} on {table}'); END"
        for table in TABLES
        for event in ("UPDATE", "DELETE")
    }


def install(_apps: Any, schema_editor: Any) -> None:
    """Migration step: put the guards up."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_POSTGRESQL, params=None)
    else:
        for statement in _append_only().values():
            schema_editor.execute(statement)


def reinstall(_apps: Any, schema_editor: Any) -> None:
    """Migration step after one that alters a guarded table: SQLite lost that table's triggers when it was remade."""
    if schema_editor.connection.vendor != "postgresql":
        for name, statement in _append_only().items():
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
            schema_editor.execute(statement)


def remove(_apps: Any, schema_editor: Any) -> None:
    """Migration step: take the guards down, when the migration is undone."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_POSTGRESQL_UNDO, params=None)
    else:
        for name in _append_only():
            schema_editor.execute(f"DROP TRIGGER {name}")


def install_sides(_apps: Any, schema_editor: Any) -> None:
    """Migration step: each entry is a side of its transfer, on SQLite."""
    if schema_editor.connection.vendor != "postgresql":
        schema_editor.execute(_SQLITE_SIDES)


def remove_sides(_apps: Any, schema_editor: Any) -> None:
    """Migration step before one that alters transfers: SQLite remakes no table that another's trigger names."""
    if schema_editor.connection.vendor != "postgresql":
        schema_editor.execute(_SQLITE_SIDES_UNDO)
