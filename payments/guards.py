"""The database's own guards of the ledger: what is written stays, and a statement's entries add up to nothing."""

from typing import Any

TABLES = ("payments_entry", "payments_transfer")
GUARDED_TABLES = (*TABLES, "payments_account")

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

# Foreign keys look each row up by itself and lock what it names: half of the time of a batch. These look once per
# statement. Nothing that a transfer names can go away, so that nothing needs to be locked: transfers and entries by
# the guards above, accounts by the ones below. Joins are settled because a plan made while tables are small is kept.
_POSTGRESQL_BY_STATEMENT = """
DO $$
DECLARE reference record;
BEGIN
    FOR reference IN
        SELECT conrelid::regclass AS at, conname AS name FROM pg_constraint
        WHERE contype = 'f' AND (conrelid = 'payments_entry'::regclass
            OR conrelid = 'payments_transfer'::regclass AND confrelid = 'payments_account'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', reference.at, reference.name);
    END LOOP;
END $$;
CREATE FUNCTION payments_refuse_unknown_account() RETURNS trigger LANGUAGE plpgsql
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added LEFT JOIN payments_account payer ON payer.id = added.payer_id
            LEFT JOIN payments_account payee ON payee.id = added.payee_id
        WHERE payer.id IS NULL OR payee.id IS NULL
    ) THEN
        RAISE EXCEPTION 'a transfer is between two accounts' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payments_transfer_accounts_exist AFTER INSERT ON payments_transfer
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION payments_refuse_unknown_account();
CREATE OR REPLACE FUNCTION payments_refuse_imbalance() RETURNS trigger LANGUAGE plpgsql
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT FROM added GROUP BY transfer_id HAVING sum(amount_paise) <> 0) OR EXISTS (
        SELECT FROM added LEFT JOIN payments_transfer transfer ON transfer.id = added.transfer_id
        WHERE (transfer.payer_id = added.account_id AND transfer.amount_paise = -added.amount_paise
            OR transfer.payee_id = added.account_id AND transfer.amount_paise = added.amount_paise) IS NOT TRUE
    ) THEN
        RAISE EXCEPTION 'entries of a transfer must add up to zero' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION payments_keep_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'accounts are closed, never deleted: %', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER payments_account_stays BEFORE DELETE OR UPDATE OF id ON payments_account
    FOR EACH ROW EXECUTE FUNCTION payments_keep_account();
CREATE TRIGGER payments_account_no_truncate BEFORE TRUNCATE ON payments_account
    FOR EACH STATEMENT EXECUTE FUNCTION payments_keep_account();
"""

_POSTGRESQL_BY_ROW = """
DROP TRIGGER payments_account_no_truncate ON payments_account;
DROP TRIGGER payments_account_stays ON payments_account;
DROP FUNCTION payments_keep_account();
DROP TRIGGER payments_transfer_accounts_exist ON payments_transfer;
DROP FUNCTION payments_refuse_unknown_account();
ALTER TABLE payments_transfer
    ADD FOREIGN KEY (payer_id) REFERENCES payments_account DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (payee_id) REFERENCES payments_account DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE payments_entry
    ADD FOREIGN KEY (account_id) REFERENCES payments_account DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (transfer_id) REFERENCES payments_transfer DEFERRABLE INITIALLY DEFERRED;
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


def check_by_statement(_apps: Any, schema_editor: Any) -> None:
    """Migration step: on PostgreSQL, what entries and transfers name is checked once per statement."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_POSTGRESQL_BY_STATEMENT, params=None)


def check_by_row(_apps: Any, schema_editor: Any) -> None:
    """The step above, undone. The entries' check stays as strict as it was made."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_POSTGRESQL_BY_ROW, params=None)
