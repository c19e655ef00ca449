"""The ledger's statements on PostgreSQL: three per batch, whatever its size, in two round trips."""

from collections.abc import Collection, Iterable, Sequence
from types import TracebackType
from typing import Any

import psycopg
from django.db import connection

from notifications.pipeline import BEGIN, COMMIT, ROLLBACK, Call, is_idle, prepared, run_together
from payments.ledger.orders import Order, Posted
from payments.ledger.rows import KnownTransfers, LockedAccount, NewEntry, NewTransfer

# NO KEY: other transactions' foreign keys to the account need not wait.
LOCK = """
    SELECT id, balance_paise, entry_count, last_hash, may_overdraw, closed_at IS NOT NULL,
           spent_on, spent_day_paise, spent_month_paise
    FROM payments_account WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""

FIND_KEYS = """
    SELECT t.payer_id, t.key, t.payee_id, t.amount_paise, t.kind, t.note, t.reverses_id, t.id, t.created_at,
           payer_entry.balance_after_paise, payee_entry.balance_after_paise
    FROM unnest(%s::bigint[], %s::text[]) AS asked (payer_id, key)
    JOIN payments_transfer t ON t.payer_id = asked.payer_id AND t.key = asked.key
    JOIN payments_entry payer_entry ON payer_entry.transfer_id = t.id AND payer_entry.account_id = t.payer_id
    JOIN payments_entry payee_entry ON payee_entry.transfer_id = t.id AND payee_entry.account_id = t.payee_id
"""

# Hashes come as one string of bytes, 32 for each row.
WRITE = """
    WITH transfers AS (
        INSERT INTO payments_transfer
            (id, kind, payer_id, payee_id, amount_paise, note, key, created_by_id, reverses_id, created_at)
        SELECT new.*, %(at)s::timestamptz
        FROM unnest(%(ids)s::uuid[], %(kinds)s::text[], %(payers)s::bigint[], %(payees)s::bigint[],
                    %(amounts)s::bigint[], %(notes)s::text[], %(keys)s::text[], %(creators)s::int[],
                    %(reversed)s::uuid[]) AS new
    ), entries AS (
        INSERT INTO payments_entry
            (account_id, seq, transfer_id, amount_paise, balance_after_paise, created_at, hash)
        SELECT account_id, seq, transfer_id, amount_paise, balance_paise, %(at)s::timestamptz,
               substr(%(hashes)s::bytea, (32 * number - 31)::int, 32)
        FROM unnest(%(entry_accounts)s::bigint[], %(seqs)s::bigint[], %(entry_transfers)s::uuid[],
                    %(entry_amounts)s::bigint[], %(entry_balances)s::bigint[])
            WITH ORDINALITY AS new (account_id, seq, transfer_id, amount_paise, balance_paise, number)
    )
    UPDATE payments_account SET
        balance_paise = new.balance_paise, entry_count = new.entry_count,
        last_hash = substr(%(last_hashes)s::bytea, (32 * new.number - 31)::int, 32),
        spent_on = new.spent_on, spent_day_paise = new.spent_day_paise, spent_month_paise = new.spent_month_paise
    FROM unnest(%(accounts)s::bigint[], %(balances)s::bigint[], %(entry_counts)s::bigint[], %(spent_on)s::date[],
                %(spent_day)s::bigint[], %(spent_month)s::bigint[])
        WITH ORDINALITY AS new (id, balance_paise, entry_count, spent_on, spent_day_paise, spent_month_paise, number)
    WHERE payments_account.id = new.id
"""


class PostgresqlStatements:
    """The statements of the caller's transaction, or of one of their own: it is begun with the first, committed with
    the last. Django's own cursor would write parameters into the texts, which PostgreSQL would plan anew each time."""

    def __enter__(self) -> "PostgresqlStatements":
        connection.ensure_connection()
        self._connection: psycopg.Connection[Any] = connection.connection
        self._is_own = not connection.in_atomic_block
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_own and not self._connection.closed and not is_idle(self._connection):
            self._run((ROLLBACK if error else COMMIT, ()))

    def _run(self, *calls: Call) -> list[list[tuple[Any, ...]]]:
        with connection.wrap_database_errors:
            return run_together(self._connection, *calls)

    def read(
        self, account_ids: Collection[int], keys: Sequence[tuple[int, str]]
    ) -> tuple[dict[int, LockedAccount], KnownTransfers]:
        begin: list[Call] = [(BEGIN, ())] if is_idle(self._connection) else []
        lock = (_LOCK, [_plain(account_ids)])
        find = (_FIND_KEYS, [_plain([payer_id for payer_id, _ in keys]), _quoted([key for _, key in keys])])
        *_, accounts, transfers = self._run(*begin, lock, find)
        return {row[0]: LockedAccount(*row) for row in accounts}, dict(map(_known, transfers))

    def write(
        self, transfers: Sequence[NewTransfer], entries: Sequence[NewEntry], accounts: Sequence[LockedAccount]
    ) -> None:
        orders = [transfer.order for transfer in transfers]
        values: dict[str, str | bytes] = {
            "at": transfers[0].at.isoformat(),
            "ids": _plain([transfer.id.hex for transfer in transfers]),
            "kinds": _plain([order.kind for order in orders]),
            "payers": _plain([order.payer_id for order in orders]),
            "payees": _plain([order.payee_id for order in orders]),
            "amounts": _plain([order.amount_paise for order in orders]),
            "notes": _quoted([order.note for order in orders]),
            "keys": _quoted([order.key for order in orders]),
            "creators": _plain([order.created_by_id or "NULL" for order in orders]),
            "reversed": _plain([order.reverses_id or "NULL" for order in orders]),
            "entry_accounts": _plain([entry.account_id for entry in entries]),
            "seqs": _plain([entry.seq for entry in entries]),
            "entry_transfers": _plain([entry.transfer_id.hex for entry in entries]),
            "entry_amounts": _plain([entry.amount_paise for entry in entries]),
            "entry_balances": _plain([entry.balance_after_paise for entry in entries]),
            "hashes": b"".join([entry.hash for entry in entries]),
            "accounts": _plain([account.id for account in accounts]),
            "balances": _plain([account.balance_paise for account in accounts]),
            "entry_counts": _plain([account.entry_count for account in accounts]),
            "last_hashes": b"".join([account.last_hash for account in accounts]),
            "spent_on": _plain([account.spent_on or "NULL" for account in accounts]),
            "spent_day": _plain([account.spent_day_paise for account in accounts]),
            "spent_month": _plain([account.spent_month_paise for account in accounts]),
        }
        commit: list[Call] = [(COMMIT, ())] if self._is_own else []
        self._run((_WRITE, [values[name] for name in _WRITE.names]), *commit)


_LOCK, _FIND_KEYS, _WRITE = prepared(LOCK), prepared(FIND_KEYS), prepared(WRITE)


def _known(row: tuple[Any, ...]) -> tuple[tuple[int, str], Posted]:
    payer_id, key, payee_id, amount, kind, note, reverses_id, id_, at, payer_balance, payee_balance = row
    order = Order(payer_id, payee_id, amount, kind, key, note, reverses_id=reverses_id)
    return (payer_id, key), Posted(order, id_, at, payer_balance, payee_balance)


def _plain(items: Iterable[object]) -> str:
    """An array literal of what needs no quotes: numbers, UUIDs, dates, identifiers, NULL."""
    return "{" + ",".join(map(str, items)) + "}"


def _quoted(texts: Iterable[str]) -> str:
    """An array literal of any texts."""
    escaped = [text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    return '{"' + '","'.join(escaped) + '"}'
