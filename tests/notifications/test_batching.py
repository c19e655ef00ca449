"""Group commit: order, batches that grow under load, one item's refusal, cancelled and broken batches."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import pytest
from django.db import connection, connections

from notifications import batching
from notifications.batching import Batcher


class Gate:
    """A `write` that can be held up, and notes its batches."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.batches: list[list[int]] = []

    def write(self, items: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(items))
        self.entered.set()
        assert self.open.wait(10)
        return [ValueError(f"refused {item}") if item < 0 else item * 2 for item in items]


def test_what_comes_meanwhile_is_one_batch_in_order() -> None:
    gate = Gate()
    batcher = Batcher(gate.write, max_items=4, name="test")
    futures = [batcher.submit(0)]
    assert gate.entered.wait(10)
    futures += [batcher.submit(n) for n in range(1, 7)]
    gate.open.set()
    assert [future.result(10) for future in futures] == [n * 2 for n in range(7)]
    assert gate.batches == [[0], [1, 2, 3, 4], [5, 6]]


def test_one_items_refusal_is_its_own() -> None:
    gate = Gate()
    gate.open.set()
    batcher = Batcher(gate.write, max_items=10, name="test")
    assert batcher.submit(1).result(10) == 2
    with pytest.raises(ValueError, match="refused -1"):
        batcher.submit(-1).result(10)


def test_a_cancelled_item_is_not_written_and_stops_nobody() -> None:
    gate = Gate()
    batcher = Batcher(gate.write, max_items=10, name="test")
    first = batcher.submit(1)
    assert gate.entered.wait(10)
    cancelled, last = batcher.submit(2), batcher.submit(3)
    assert cancelled.cancel()
    assert not first.cancel(), "what is being written can no longer be called back"
    gate.open.set()
    assert (first.result(10), last.result(10)) == (2, 6)
    assert gate.batches == [[1], [3]]


@pytest.mark.parametrize("fault", [RuntimeError("down"), None])
def test_a_batch_that_fails_refuses_its_items_and_the_next_is_written(fault: Exception | None) -> None:
    faults = [fault]

    def write(items: Sequence[int]) -> list[int]:
        if faults:
            if error := faults.pop():
                raise error
            return []  # too few outcomes are a fault as well
        return list(items)

    batcher: Batcher[int, int] = Batcher(write, max_items=10, name="test")
    with pytest.raises((RuntimeError, ValueError)):
        batcher.submit(1).result(10)
    assert batcher.submit(2).result(10) == 2


@pytest.mark.django_db(transaction=True)
def test_a_broken_connection_is_replaced_for_the_next_batch() -> None:
    busy: list[Future[int]] = []

    def write(items: Sequence[int]) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            if items[0] == 1:
                # As after a restart of the database: known to the driver, not yet to Django.
                connection.connection.close()
                busy.append(batcher.submit(2))  # so that the same drain goes on
                cursor.execute("SELECT 1")
        return list(items)

    batcher: Batcher[int, int] = Batcher(write, max_items=10, name="test")
    with pytest.raises(Exception, match="closed"):
        batcher.submit(1).result(10)
    assert busy[0].result(10) == 2


@pytest.mark.django_db(transaction=True)
def test_a_writer_keeps_its_connection_for_what_comes_next_and_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "LINGER_SECONDS", 0.3)
    held: list[tuple[Any, Any]] = []

    def write(items: Sequence[int]) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        own = connections[connection.alias]
        held.append((own, own.connection))
        return list(items)

    batcher: Batcher[int, int] = Batcher(write, max_items=10, name="test")
    for _ in range(2):
        batcher.submit(1).result(10)
        time.sleep(0.05)
    (own, first), (_, second) = held
    assert first is second
    deadline = time.monotonic() + 10
    while own.connection is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert own.connection is None
    assert batcher.submit(2).result(10) == 2


def test_what_comes_in_the_pause_after_a_batch_shares_the_next() -> None:
    gate, pausing, go_on = Gate(), threading.Event(), threading.Event()
    gate.open.set()

    def pause() -> None:
        pausing.set()
        assert go_on.wait(10)

    batcher = Batcher(gate.write, max_items=10, name="test", pause=pause)
    assert batcher.submit(1).result(10) == 2, "who was written does not wait for the pause"
    assert pausing.wait(10)
    futures = [batcher.submit(2), batcher.submit(3)]
    go_on.set()
    assert [future.result(10) for future in futures] == [4, 6]
    assert gate.batches == [[1], [2, 3]]
