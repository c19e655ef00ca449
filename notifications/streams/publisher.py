"""Carries the news of appended events to the hubs of all server processes. Losing it loses no event."""

import asyncio
import logging
import os
import threading
from collections import deque
from typing import Any

from channels.layers import get_channel_layer

from notifications.streams.encoding import encode
from notifications.streams.hub import Hub, group_of, hub_of_this_process
from notifications.streams.log import LiveEvent

logger = logging.getLogger(__name__)

WAITING_MESSAGES = 10_000
"""News kept while Redis is slow or away; the oldest go first, the hubs then read the database."""

MESSAGE_BYTES = 256 * 1024
WAITING_CARRIERS = 100
"""Above these the news names the events without carrying them: the hubs read them from the database."""

LET_OUT_SECONDS = 0.1
"""How long a writer waits at most for a server that is busy with something else."""


class Publisher:
    """Publishes from a loop of its own, so that a writer waits for no network and fails for no Redis."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque(maxlen=WAITING_MESSAGES)
        self._loop = asyncio.new_event_loop()
        self._wake = asyncio.Event()
        threading.Thread(target=self._run, name="publisher", daemon=True).start()

    def publish(self, stream: str, first: int, events: list[bytes]) -> None:
        is_light = sum(map(len, events)) <= MESSAGE_BYTES and len(self._waiting) < WAITING_CARRIERS
        carried = events if is_light else []
        last = first + len(events) - 1
        message = {"type": "news", "stream": stream, "first": first, "last": last, "events": carried}
        self._send(stream, message)

    def publish_redaction(self, stream: str, seqs: list[int]) -> None:
        self._send(stream, {"type": "redaction", "stream": stream, "seqs": seqs})

    def _send(self, stream: str, message: dict[str, Any]) -> None:
        self._waiting.append((group_of(stream), message))
        self._loop.call_soon_threadsafe(self._wake.set)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._publish_forever())

    async def _publish_forever(self) -> None:
        layer = get_channel_layer()
        failing = False
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                group, message = self._waiting.popleft()
                try:
                    await layer.group_send(group, message)
                    failing = False
                except Exception as error:
                    # Dropped: each hub's check of its streams' tails finds the events in the database.
                    if not failing:
                        logger.warning(
                            "live: Redis takes no news (%s); subscribers are served from the database", error
                        )
                    failing = True


_publisher: Publisher | None = None
_lock = threading.Lock()


def publish(stream: str, events: list[LiveEvent]) -> None:
    """Tell this process's hub directly and all others by the channel layer; never blocks and never raises."""
    encoded = [encode(event) for event in events]
    first = events[0].seq
    hub = hub_of_this_process()
    if hub is not None:
        hub.loop.call_soon_threadsafe(hub.tell, stream, first, events[-1].seq, encoded)
    if _has_others(hub):
        _the_publisher().publish(stream, first, encoded)


def publish_redaction(stream: str, seqs: list[int]) -> None:
    """Tell all hubs that past events were rewritten; never blocks and never raises."""
    hub = hub_of_this_process()
    if hub is not None:
        hub.loop.call_soon_threadsafe(hub.tell_redaction, stream, seqs)
    if _has_others(hub):
        _the_publisher().publish_redaction(stream, seqs)


def _has_others(hub: Hub | None) -> bool:
    """Whether there are, or may be, hubs beside this process's own."""
    return hub is None or not hub.neighbours.is_alone


def let_news_out() -> None:
    """Wait until this process's subscribers have been handed what was published, and who answers at once was heard.

    For a thread that writes batch after batch: each costs the same work for every subscriber, however much is in it.
    """
    hub = hub_of_this_process()
    if hub is None:
        return
    loop, heard = hub.loop, threading.Event()
    # One turn tells the feeds, the next hands out, the third has read what came meanwhile.
    loop.call_soon_threadsafe(loop.call_soon, loop.call_soon, heard.set)
    heard.wait(LET_OUT_SECONDS)


def _forget_after_fork() -> None:
    """A forked child has the object but not its thread."""
    global _publisher, _lock
    _publisher, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_after_fork)


def _the_publisher() -> Publisher:
    global _publisher
    with _lock:
        if _publisher is None:
            _publisher = Publisher()
        return _publisher
