"""Lets the tests' flush between transactional tests empty the ledger, which its triggers forbid to everybody else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.backends.base.operations import BaseDatabaseOperations

from payments import guards


def _without_guards(vendor: str, flush: list[str]) -> list[str]:
    if vendor == "postgresql":
        off = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in guards.GUARDED_TABLES]
        return [*off, *flush, *(line.replace("DISABLE", "ENABLE") for line in off)]
    off = [f"DROP TRIGGER IF EXISTS {name}" for name in guards.sqlite_trigger_names()]
    return [*off, *flush, *guards.sqlite_triggers()]


@pytest.fixture(autouse=True, scope="session")
def _ledger_can_be_flushed() -> Any:
    execute: Callable[..., None] = BaseDatabaseOperations.execute_sql_flush

    def execute_sql_flush(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        if any(table in sql for sql in sql_list for table in guards.TABLES):
            sql_list = _without_guards(self.connection.vendor, sql_list)
        execute(self, sql_list)

    BaseDatabaseOperations.execute_sql_flush = execute_sql_flush  # type: ignore[method-assign]
    yield
    BaseDatabaseOperations.execute_sql_flush = execute  # type: ignore[method-assign]
