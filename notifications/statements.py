"""Several statements for one round trip, where the database can.

A busy server pays for a round trip twice: for the network, and for waiting until its thread may run on.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model
from psycopg.pq import TransactionStatus

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
