"""The event log: numbers without gaps in commit order, resets instead of silent holes, trimming."""

import random
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from notifications import streams
from notifications.models import Event, Stream
from notifications.streams import Reset, Slice
from tests.notifications.live import append


def numbers(stream: str, after: int = 0) -> list[int]:
    answer = streams.read(stream, after=after)
    assert isinstance(answer, Slice)
    return [event.data["n"] for event in answer.events]


@pytest.mark.django_db
def test_events_are_numbered_from_one_and_read_back_as_written() -> None:
    data: dict[str, Any] = {"text": "naïve ₹ “quotes” \\ \n 🎉", "n": 2**53, "list": [1, None, True], "empty": {}}
    with transaction.atomic():
        [first, second] = streams.append("room:1", [("a.b", data), ("c", {})])
    assert (first.seq, second.seq) == (1, 2)
    answer = streams.read("room:1", after=0)
    assert isinstance(answer, Slice)
    assert [(e.seq, e.type, e.data) for e in answer.events] == [(1, "a.b", data), (2, "c", {})]
    assert answer.events[0].at == first.at
    assert answer.last_seq == 2


@pytest.mark.django_db(transaction=True)
def test_appending_outside_a_transaction_is_refused() -> None:
    with pytest.raises(ValueError, match="transaction"):
        streams.append("room:1", [("a", {})])
    assert not Stream.objects.filter(name="room:1").exists()


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_append_leaves_no_gap() -> None:
    append("room:1", 0)
    with transaction.atomic():
        streams.append("room:1", [("a", {}), ("b", {})])
        transaction.set_rollback(True)
    append("room:1", 1)
    answer = streams.read("room:1", after=0)
    assert isinstance(answer, Slice)
    assert [event.seq for event in answer.events] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_many_writers_leave_no_gap_and_commit_in_the_order_of_their_numbers() -> None:
    writers, rounds = 6, 25
    seen: list[list[int]] = []
    done = threading.Event()

    def write(writer: int) -> None:
        chance = random.Random(writer)
        for n in range(rounds):
            with transaction.atomic():
                streams.append("room:1", [("tick", {"writer": writer, "n": n})] * chance.randint(1, 3))
                time.sleep(chance.random() / 500)
        connection.close()

    def watch() -> None:
        # What is committed at any moment is 1…n without a hole: the numbers follow the order of commits.
        while not done.is_set():
            answer = streams.read("room:1", after=0)
            if isinstance(answer, Slice):
                seen.append([event.seq for event in answer.events])
        connection.close()

    threads = [threading.Thread(target=write, args=[writer]) for writer in range(writers)]
    watcher = threading.Thread(target=watch)
    for thread in [watcher, *threads]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    watcher.join()
    total = Event.objects.count()
    assert list(Event.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, total + 1))
    assert Stream.objects.get(name="room:1").last_seq == total
    assert len(seen) > 5
    assert all(part == list(range(1, len(part) + 1)) for part in seen)
    for writer in range(writers):
        mine = Event.objects.filter(data__writer=writer).order_by("seq").values_list("data__n", flat=True)
        assert list(mine) == sorted(mine)


@pytest.mark.django_db(transaction=True)
def test_cursors_that_cannot_be_followed_are_reset() -> None:
    append("room:1", *range(5))
    assert numbers("room:1", after=3) == [3, 4]
    assert streams.read("room:1", after=5) == Slice([], 5)
    assert streams.read("room:1", after=6) == Reset(5)
    assert streams.read("room:none", after=0) == Slice([], 0)
    assert streams.read("room:none", after=1) == Reset(0)


@pytest.mark.django_db(transaction=True)
def test_trimming_by_count_keeps_the_newest() -> None:
    append("room:1", *range(10))
    append("room:2", *range(3))
    assert streams.trim(keep=timedelta(days=1), keep_events=4) == 6
    assert numbers("room:1", after=6) == [6, 7, 8, 9]
    assert streams.read("room:1", after=5) == Reset(10)
    assert numbers("room:2") == [0, 1, 2]
    append("room:1", 10)
    assert numbers("room:1", after=9) == [9, 10]


@pytest.mark.django_db(transaction=True)
def test_trimming_by_age_forgets_old_events_and_keeps_the_numbers() -> None:
    append("room:1", *range(10))
    Event.objects.filter(seq__lte=7).update(at=timezone.now() - timedelta(days=40))
    assert streams.trim(keep=timedelta(days=30), keep_events=1000) == 7
    assert streams.read("room:1", after=0) == Reset(10)
    assert numbers("room:1", after=7) == [7, 8, 9]
    Event.objects.update(at=timezone.now() - timedelta(days=40))
    assert streams.trim(keep=timedelta(days=30), keep_events=1000) == 3
    assert streams.trim(keep=timedelta(days=30), keep_events=1000) == 0
    append("room:1", 10)
    answer = streams.read("room:1", after=10)
    assert isinstance(answer, Slice)
    assert [event.seq for event in answer.events] == [11]


@pytest.mark.django_db(transaction=True)
def test_trimming_a_long_log_takes_parts() -> None:
    append("room:1", *range(1300))
    assert streams.trim(keep=timedelta(days=1), keep_events=0) == 1300
    assert streams.read("room:1", after=1300) == Slice([], 1300)


@pytest.mark.django_db(transaction=True)
def test_appending_costs_two_statements(django_assert_num_queries: Any) -> None:
    append("room:1", 0)
    with transaction.atomic(), django_assert_num_queries(2):
        streams.append("room:1", [("tick", {"n": n}) for n in range(100)])
