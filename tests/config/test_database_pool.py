"""PostgreSQL's pool: no thread can lose a connection for the others."""

import threading

import pytest
from django.conf import settings
from django.db import connection
from psycopg.pq import TransactionStatus

from config.postgresql.base import borrowers

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="SQLite has no pool"),
]


def ask(found: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM auth_user")
        found.extend(cursor.fetchone())


def test_what_ended_threads_hold_serves_the_next() -> None:
    size = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
    answers: list[int] = []
    for _ in range(size + 3):
        thread = threading.Thread(target=ask, args=[answers])
        thread.start()
        thread.join()
    assert answers == [0] * (size + 3)
    assert len([thread for thread in borrowers() if not thread.is_alive()]) == 1  # until the next one asks
    thread = threading.Thread(target=lambda: (ask(answers), connection.close()))
    thread.start()
    thread.join()
    assert [thread for thread in borrowers() if not thread.is_alive()] == []


def test_a_live_thread_keeps_its_own() -> None:
    may_end, has_it = threading.Event(), threading.Event()
    states: list[int] = []

    def hold() -> None:
        ask(states)
        has_it.set()
        may_end.wait(10)
        states.append(connection.connection.info.transaction_status)
        connection.close()

    holder = threading.Thread(target=hold, name="holder")
    holder.start()
    assert has_it.wait(10)
    asker = threading.Thread(target=lambda: (ask([]), connection.close()))
    asker.start()
    asker.join()
    assert "holder" in {thread.name for thread in borrowers()}
    may_end.set()
    holder.join()
    assert states == [0, TransactionStatus.INTRANS]
    assert "holder" not in {thread.name for thread in borrowers()}
