"""Several statements for one round trip, where the database can: PostgreSQL's pipeline mode.

A busy server pays for a round trip twice: for the network, and for waiting until its thread may run on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, QuerySet


@contextmanager
def pipelined() -> Iterator[None]:
    """Send the statements executed inside without waiting for their answers; fetching waits for all before it.

    Only for statements whose count of rows nobody reads, for it is not known yet: `Model.save()` would take its row
    for missing. Raises what the statements raise, where they are fetched or at the end.
    """
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def fetch_together(*querysets: QuerySet[Any]) -> list[list[Any]]:
    """The objects of whole-row querysets (no `select_related`, `defer` or annotations), for one round trip."""
    if connection.vendor != "postgresql":
        return [list(queryset) for queryset in querysets]
    with pipelined():
        cursors = [_sent(queryset) for queryset in querysets]
        return [_objects(queryset.model, cursor) for queryset, cursor in zip(querysets, cursors, strict=True)]


def _sent(queryset: QuerySet[Any]) -> CursorWrapper | None:
    try:
        statement = queryset.query.sql_with_params()
    except EmptyResultSet:  # such as `id IN ()`, which Django does not ask
        return None
    cursor = connection.cursor()
    cursor.execute(*statement)
    return cursor


def _objects(model: type[Model], cursor: CursorWrapper | None) -> list[Any]:
    if cursor is None:
        return []
    columns = [field.attname for field in model._meta.concrete_fields]
    with cursor:
        return [model.from_db(connection.alias, columns, row) for row in cursor.fetchall()]
