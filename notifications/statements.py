"""Several statements for one round trip, where the database can.

A busy server pays for a round trip twice: for the network, and for waiting until its thread may run on.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from psycopg.pq import TransactionStatus

Statement = tuple[str, Sequence[Any]]
"""SQL and its parameters."""

_BEGIN: Statement = ("BEGIN", [])
_COMMIT: Statement = ("COMMIT", [])


def execute_together(*statements: Statement, commit: bool = False) -> list[list[Any]]:
    """Execute statements in this order; the rows of each, [] for one that returns none.

    A transaction that begins with them begins in the same round trip. With `commit` they are its last, and where
    its block is the outermost it ends in the same round trip too: nothing may be executed after them.
    Raises what the first that fails raises; those after it are not executed.
    """
    if connection.vendor != "postgresql":
        return [_execute(*statement) for statement in statements]
    if not statements:
        return []
    begin, end = _beginning(), [_COMMIT] if commit and _is_outermost() else []
    together = [*begin, *statements, *end]
    with connection.cursor() as cursor:
        # Django's cursors put the parameters in themselves, so one message holds them all.
        cursor.execute(";\n".join(sql for sql, _ in together), [value for _, values in together for value in values])
        rows = [_rows(cursor)]
        while cursor.nextset():
            rows.append(_rows(cursor))
    return rows[len(begin) : len(rows) - len(end)]


def _beginning() -> list[Statement]:
    """What begins the transaction, where psycopg would do so before the next statement, in a round trip of its own."""
    connection.ensure_connection()
    given = connection.connection
    if connection.get_autocommit() or given.info.transaction_status != TransactionStatus.IDLE:
        return []
    given.autocommit = True  # as Django sets it after the transaction
    return [_BEGIN]


def _is_outermost() -> bool:
    """Whether the end of the innermost atomic block commits."""
    return connection.in_atomic_block and not connection.savepoint_ids


def fetch_together(*asked: QuerySet[Any] | Statement) -> list[list[Any]]:
    """The objects of whole-row queries (no `select_related`, `defer` or annotations), and the rows of statements."""
    if connection.vendor != "postgresql":
        return [list(query) if isinstance(query, QuerySet) else _execute(*query) for query in asked]
    statements = {place: statement for place, query in enumerate(asked) if (statement := _statement(query))}
    rows_of = dict(zip(statements, execute_together(*statements.values()), strict=True))
    return [_objects(query, rows_of.get(place, [])) for place, query in enumerate(asked)]


def _statement(query: QuerySet[Any] | Statement) -> Statement | None:
    if not isinstance(query, QuerySet):
        return query
    try:
        return query.query.sql_with_params()
    except EmptyResultSet:  # such as `id IN ()`, which Django does not ask
        return None


def _objects(query: QuerySet[Any] | Statement, rows: list[Any]) -> list[Any]:
    if not isinstance(query, QuerySet):
        return rows
    columns = [field.attname for field in query.model._meta.concrete_fields]
    return [query.model.from_db(connection.alias, columns, row) for row in rows]


def _execute(sql: str, values: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return _rows(cursor)


def _rows(cursor: Any) -> list[Any]:
    return cursor.fetchall() if cursor.description else []
