"""Several statements for one round trip, where the database can.

A busy server pays for a round trip twice: for the network, and for waiting until its thread may run on.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

Statement = tuple[str, Sequence[Any]]
"""SQL and its parameters."""


def execute_together(*statements: Statement) -> list[list[Any]]:
    """Execute statements in this order; the rows of each, [] for one that returns none.

    Raises what the first that fails raises; those after it are not executed.
    """
    if connection.vendor != "postgresql":
        return [_execute(*statement) for statement in statements]
    if not statements:
        return []
    with connection.cursor() as cursor:
        # Django's cursors put the parameters in themselves, so one message holds them all.
        cursor.execute(
            ";\n".join(sql for sql, _ in statements), [value for _, values in statements for value in values]
        )
        rows = [_rows(cursor)]
        while cursor.nextset():
            rows.append(_rows(cursor))
        return rows


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
