import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg.pq import TransactionStatus

from notifications.models import Stream
from notifications.statements import Rows, Statement, execute_together, fetch_together

pytestmark = pytest.mark.django_db(transaction=True)
one_process = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite is in the same process: no round trips"
)


def new_stream(name: str) -> Statement:
    return "INSERT INTO notifications_stream (name, last_seq, trimmed_seq) VALUES (%s, 1, 0)", [name]


def test_rows_fetched_together_give_what_querysets_give() -> None:
    people = [User.objects.create(username=name) for name in ("asha", "ravi")]
    Stream.objects.create(name="room:1", last_seq=3)

    with transaction.atomic():
        users, nobody, streams, numbers = fetch_together(
            Rows(User, "username IN (%s, %s) ORDER BY username", ["asha", "ravi"]),
            Rows(User, "id IN (%s)", [None]),
            Rows(Stream, "name = %s", ["room:1"], is_locking=True),
            ("SELECT CAST(%s AS integer) + 1", [1]),
        )

    assert users == people
    assert [user.date_joined for user in users] == [user.date_joined for user in people]
    assert [user.is_active for user in users] == [True, True]
    assert not users[0]._state.adding
    assert [stream.last_seq for stream in streams] == [3]
    assert nobody == []
    assert numbers == [(2,)]
    assert fetch_together() == []


def test_statements_are_executed_in_order_and_each_answers() -> None:
    with transaction.atomic():
        answers = execute_together(
            new_stream("it's 100 % ; -- %s"),
            (
                "UPDATE notifications_stream SET last_seq = last_seq + %s WHERE name LIKE %s RETURNING last_seq",
                [1, "it%"],
            ),
            ("DELETE FROM notifications_stream WHERE name = %s", ["another"]),
            ("SELECT name FROM notifications_stream WHERE name <> %s", ["control"]),
        )

    assert answers == [[], [(2,)], [], [("it's 100 % ; -- %s",)]]


def names() -> list[str]:
    return list(Stream.objects.exclude(name="control").order_by("name").values_list("name", flat=True))


@one_process
def test_they_cost_one_round_trip() -> None:
    with CaptureQueriesContext(connection) as queries:
        execute_together(new_stream("a"), new_stream("b"))
    assert len(queries) == 1


@one_process
def test_a_transaction_begins_and_ends_with_them() -> None:
    with transaction.atomic():
        execute_together(new_stream("a"))
        assert connection.connection.info.transaction_status == TransactionStatus.INTRANS
        execute_together(new_stream("b"), commit=True)
        assert connection.connection.info.transaction_status == TransactionStatus.IDLE
    assert names() == ["a", "b"]


def test_what_waits_for_the_commit_runs_after_it() -> None:
    with transaction.atomic():
        transaction.on_commit(lambda: Stream.objects.create(name="after"))
        execute_together(new_stream("a"))
        execute_together(new_stream("b"), commit=True)
        assert not Stream.objects.filter(name="after").exists()
    assert names() == ["a", "after", "b"]


def test_within_another_block_they_commit_nothing() -> None:
    class Undone(Exception):
        pass

    @transaction.atomic
    def begin_more() -> None:
        with transaction.atomic():
            execute_together(new_stream("a"))
            execute_together(new_stream("b"), commit=True)
        raise Undone

    with pytest.raises(Undone):
        begin_more()
    assert names() == []


def test_an_error_after_their_beginning_undoes_them() -> None:
    @transaction.atomic
    def store() -> None:
        execute_together(new_stream("a"))
        execute_together(new_stream("b"), new_stream("a"), commit=True)

    with pytest.raises(IntegrityError):
        store()
    assert names() == []
    with transaction.atomic():
        Stream.objects.create(name="c")
    assert names() == ["c"]


def test_one_that_fails_raises_djangos_error_and_undoes_all() -> None:
    with transaction.atomic():
        execute_together(new_stream("a"))

    with pytest.raises(IntegrityError), transaction.atomic():
        execute_together(new_stream("b"), new_stream("a"), new_stream("c"))

    assert names() == ["a"]
