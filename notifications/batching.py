"""Group commit: what arrives while one batch is being written is written by the next, in one transaction."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from django.db import close_old_connections

Item = TypeVar("Item")
Result = TypeVar("Result")


LINGER_SECONDS = 0.5
"""How long a writer waits for more with its database connection at hand: to take one from the pool and to set it up
costs a lone message a tenth of its time, and the next one of the pool knows none of what this one has ready."""


class Batcher(Generic[Item, Result]):
    """Gathers items and hands them to `write` in batches, one batch at a time, in order of arrival.

    A lone item is written at once; under load the batches grow by themselves, so there is no delay to tune.
    `write` takes up to `max_items` items and returns as many outcomes, each a result or the exception with
    which that one item was refused; an exception that it raises refuses the whole batch. An item whose future is
    cancelled before its batch begins is not written. `pause` is called after each batch, in the writing thread.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Sequence[Result | Exception]],
        *,
        max_items: int,
        name: str,
        pause: Callable[[], None] | None = None,
    ) -> None:
        self._write = write
        self._pause = pause
        self._max_items = max_items
        self._waiting: list[tuple[Item, Future[Result]]] = []
        self._came = threading.Condition()
        self._is_running = False
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    def submit(self, item: Item) -> "Future[Result]":
        """Queue one item from any thread; the future holds its own outcome. Await it with `asyncio.wrap_future`."""
        future: Future[Result] = Future()
        with self._came:
            self._waiting.append((item, future))
            if self._is_running:
                self._came.notify()
            else:
                self._is_running = True
                self._executor.submit(self._drain)
        return future

    def _drain(self) -> None:
        close_old_connections()
        while batch := self._next_batch():
            # From here on the futures cannot be cancelled, so that their outcome can be set.
            self._write_batch([(item, future) for item, future in batch if future.set_running_or_notify_cancel()])
            if self._pause is not None:
                self._pause()
        close_old_connections()

    def _next_batch(self) -> "list[tuple[Item, Future[Result]]]":
        """Empty where nothing came for a while; the next item then starts the writer anew."""
        with self._came:
            self._is_running = self._came.wait_for(lambda: bool(self._waiting), LINGER_SECONDS)
            batch, self._waiting = self._waiting[: self._max_items], self._waiting[self._max_items :]
            return batch

    def _write_batch(self, batch: "list[tuple[Item, Future[Result]]]") -> None:
        if not batch:
            return
        try:
            outcomes = self._write([item for item, _ in batch])
            if len(outcomes) != len(batch):
                raise ValueError(f"{len(outcomes)} outcomes for {len(batch)} items")
        except Exception as error:
            outcomes = [error] * len(batch)
            close_old_connections()  # a broken connection must not refuse the batches that follow
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
