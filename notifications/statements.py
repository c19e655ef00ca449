"""Several statements for one round trip, where the database can.

A busy server pays for a round trip twice: for the network, and for waiting until its thread may run on.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model

from notifications.pipeline import BEGIN, COMMIT, Call, is_idle, prepared, run_together

Statement = tuple[str, Sequence[Any]]
"""SQL and its parameters."""

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Rows(Generic[M]):
    """Whole rows of a model by SQL's own condition, locked or not.

    For what every batch asks anew: to build the same queryset each time takes as long as to answer it.
    """

    model: type[M]
    where: str
    values: Sequence[Any]
    is_locking: bool = False

    @property
    def sql(self) -> str:
        # A lock that does not hinder rows that refer to this one; SQLite locks everything when a writer begins.
        lock = " FOR NO KEY UPDATE" if self.is_locking and connection.vendor == "postgresql" else ""
        columns = ", ".join(_columns(self.model))
        return f"SELECT {columns} FROM {self.model._meta.db_table} WHERE {self.where}{lock}"  # noqa: S608

    def objects(self, rows: Sequence[Any]) -> list[M]:
        return [self.model.from_db(connection.alias, _columns(self.model), row) for row in rows]


def execute_together(*statements: Statement, commit: bool = False) -> list[list[Any]]:
    """Execute statements in this order; the rows of each, [] for one that returns none.

    PostgreSQL prepares each text once per connection, and takes a parameter's type from where it stands: a text
    that does not say it has to write it (`%s::bigint`).
    A transaction that begins with them begins in the same round trip. With `commit` they are its last, and where
    its block is the outermost it ends in the same round trip too: nothing may be executed after them.
    Raises what the first that fails raises; those after it are not executed.
    """
    if connection.vendor != "postgresql":
        return [_execute(*statement) for statement in statements]
    if not statements:
        return []
    connection.ensure_connection()
    server = connection.connection
    begin: list[Call] = []
    if not connection.get_autocommit() and is_idle(server):
        # psycopg would begin before the next statement, in a round trip of its own.
        begin = [(BEGIN, ())]
        server.autocommit = True  # as Django sets it after the transaction
    end: list[Call] = [(COMMIT, ())] if commit and _is_outermost() else []
    calls: list[Call] = [*begin, *((prepared(sql), values) for sql, values in statements), *end]
    with connection.wrap_database_errors:
        rows = run_together(server, *calls)
    if connection.queries_logged:
        connection.queries_log.append({"sql": ";\n".join(sql for sql, _ in statements), "time": "0.000"})
    return rows[len(begin) : len(rows) - len(end)]


def _is_outermost() -> bool:
    """Whether the end of the innermost atomic block commits."""
    return connection.in_atomic_block and not connection.savepoint_ids


def fetch_together(*asked: Rows[Any] | Statement) -> list[list[Any]]:
    """The objects of whole rows, and the rows of statements."""
    if connection.vendor != "postgresql":
        return [
            list(each.model._default_manager.raw(each.sql, each.values)) if isinstance(each, Rows) else _execute(*each)
            for each in asked
        ]
    answers = execute_together(*((each.sql, each.values) if isinstance(each, Rows) else each for each in asked))
    return [each.objects(rows) if isinstance(each, Rows) else rows for each, rows in zip(asked, answers, strict=True)]


@functools.cache
def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def _execute(sql: str, values: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return _rows(cursor)


def _rows(cursor: Any) -> list[Any]:
    return cursor.fetchall() if cursor.description else []
