"""Several statements for one round trip, where the database can: PostgreSQL's pipeline mode.

A busy server pays for a round trip twice: for the network, and for waiting until its thread may run on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


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


def ask(queryset: QuerySet[Row]) -> Callable[[], list[Row]]:
    """Send a whole-row query (no `select_related`, `defer` or annotations) now; the call waits for its objects.

    Inside `pipelined()` several are asked for one round trip; elsewhere the answer is there at once.
    """
    if connection.vendor != "postgresql":
        rows = list(queryset)
        return lambda: rows
    try:
        statement = queryset.query.sql_with_params()
    except EmptyResultSet:  # such as `id IN ()`, which Django does not ask
        return list
    cursor = connection.cursor()
    cursor.execute(*statement)

    def answer() -> list[Row]:
        columns = [field.attname for field in queryset.model._meta.concrete_fields]
        with cursor:
            return [queryset.model.from_db(connection.alias, columns, row) for row in cursor.fetchall()]

    return answer
