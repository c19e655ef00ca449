import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from notifications.models import Stream
from notifications.pipelining import ask, pipelined

pytestmark = pytest.mark.django_db(transaction=True)


def test_querysets_fetched_together_give_what_each_gives_alone() -> None:
    people = [User.objects.create(username=name) for name in ("asha", "ravi")]
    Stream.objects.create(name="room:1", last_seq=3)

    with pipelined():
        answers = [
            ask(User.objects.order_by("username")),
            ask(Stream.objects.filter(name="room:1")),
            ask(User.objects.filter(pk__in=[])),
        ]
        users, streams, nobody = [answer() for answer in answers]

    assert users == people
    assert [user.date_joined for user in users] == [user.date_joined for user in people]
    assert [stream.last_seq for stream in streams] == [3]
    assert nobody == []


def test_what_is_pipelined_is_done_in_order_and_with_its_transaction() -> None:
    with transaction.atomic(), pipelined(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO notifications_stream (name, last_seq, trimmed_seq) VALUES ('a', 1, 0)")
        cursor.execute("UPDATE notifications_stream SET last_seq = last_seq + 1 WHERE name = 'a'")
        cursor.execute("SELECT last_seq FROM notifications_stream WHERE name = 'a'")
        assert cursor.fetchall() == [(2,)]
    assert Stream.objects.get(name="a").last_seq == 2


def make_streams(*names: str) -> None:
    with transaction.atomic(), pipelined(), connection.cursor() as cursor:
        for name in names:
            cursor.execute("INSERT INTO notifications_stream (name, last_seq, trimmed_seq) VALUES (%s, 0, 0)", [name])


def test_an_error_in_a_pipeline_is_djangos_and_leaves_a_usable_connection() -> None:
    make_streams("a")
    with pytest.raises(IntegrityError):
        make_streams("b", "a", "c")
    assert list(Stream.objects.values_list("name", flat=True)) == ["a"]
