"""Several prepared statements for one round trip: PostgreSQL's pipeline mode, by libpq itself.

psycopg's own pipeline waits once more for the transaction's beginning and for its own end, and costs as much processor
time as it saves. A lone transfer, or message, is little else than round trips.
"""

import functools
import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

Value = str | bytes | int | float | datetime | UUID | None
"""A parameter; texts as PostgreSQL writes the type that stands in the statement, bytes for a `bytea`."""

# What each connection knows already; a connection in the pool keeps it.
_prepared: WeakKeyDictionary[psycopg.Connection[Any], set[bytes]] = WeakKeyDictionary()


class Prepared:
    """A text with %s or %(name)s where its parameters go; the same name may stand there more than once."""

    def __init__(self, text: str) -> None:
        self.names: list[str] = []

        def place(found: re.Match[str]) -> str:
            name = found[1] or str(len(self.names))
            if name not in self.names:
                self.names.append(name)
            return f"${self.names.index(name) + 1}"

        self.text: Final = re.sub(r"%(?:\((\w+)\))?s", place, text).encode()
        self.name: Final = b"chowk_" + hashlib.blake2b(self.text, digest_size=12).hexdigest().encode()


@functools.lru_cache(maxsize=1024)
def prepared(text: str) -> Prepared:
    """The statement of this text, made once."""
    return Prepared(text)


BEGIN, COMMIT, ROLLBACK = (Prepared(word) for word in ("BEGIN", "COMMIT", "ROLLBACK"))

Call = tuple[Prepared, Sequence[Value]]


def run_together(connection: psycopg.Connection[Any], *calls: Call) -> list[list[tuple[Any, ...]]]:
    """The rows of each statement, in one round trip. Raises the first one's error; those after it did not run."""
    pgconn, known = connection.pgconn, _prepared.setdefault(connection, set())
    sent: list[tuple[Prepared, bool]] = []  # what each result answers: a statement's preparation, or itself
    pgconn.enter_pipeline_mode()
    try:
        for statement, values in calls:
            formats = [isinstance(value, bytes) for value in values]
            encoded = [_encoded(value) for value in values]
            if connection.prepare_threshold is None:
                pgconn.send_query_params(statement.text, encoded, param_formats=formats)
            else:
                if statement.name not in known and (statement, True) not in sent:
                    pgconn.send_prepare(statement.name, statement.text)
                    sent.append((statement, True))
                pgconn.send_query_prepared(statement.name, encoded, formats)
            sent.append((statement, False))
        pgconn.pipeline_sync()
        results = connection.wait(_results(connection, len(sent) + 1))
    finally:
        if pgconn.status == psycopg.pq.ConnStatus.OK:
            pgconn.exit_pipeline_mode()
    rows = []
    for (statement, is_preparation), result in zip(sent, results, strict=False):
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise errors.error_from_result(result)
        if is_preparation:
            known.add(statement.name)
        else:
            rows.append(_loaded(connection, result))
    return rows


def _encoded(value: Value) -> bytes | None:
    if isinstance(value, str):
        return value.encode()
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, datetime):
        return value.isoformat().encode()
    return str(value).encode()  # true and false in whatever case


def is_idle(connection: psycopg.Connection[Any]) -> bool:
    """Whether no transaction has begun on the server."""
    return connection.pgconn.transaction_status == TransactionStatus.IDLE


def _results(connection: psycopg.Connection[Any], count: int) -> PQGen[list[PGresult]]:
    yield from send(connection.pgconn)
    results: list[PGresult] = []
    while len(results) < count:
        results += yield from fetch_many(connection.pgconn)
    return results


def _loaded(connection: psycopg.Connection[Any], result: PGresult) -> list[tuple[Any, ...]]:
    if not result.ntuples:
        return []
    transformer = Transformer(connection)
    transformer.set_pgresult(result)
    return transformer.load_rows(0, result.ntuples, tuple)
