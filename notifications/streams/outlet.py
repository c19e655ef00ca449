"""The way out to one socket: how answers and what streams deliver reach a connection's wire, in order."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from notifications.streams.daphne import daphne_outlet, give_up_after, unsent_bytes
from notifications.streams.encoding import Batch
from notifications.streams.fanout import Direct

__all__ = ["BACKLOG_BYTES", "Outlet", "give_up_after", "outlet_for", "unsent_bytes"]

BACKLOG_BYTES = 1024 * 1024
"""What waits for a slow client at most before it is closed with TOO_SLOW."""

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Outlet(Protocol):
    """Where a connection's frames go. Never blocks."""

    @property
    def direct(self) -> Direct | None:
        """Its socket, where frames may be sent to it by others."""

    @property
    def backlog_bytes(self) -> int:
        """What has not left for the client yet."""

    def write(self, batch: Batch) -> bool:
        """Send a batch of events; whether all of it left at once."""

    def write_text(self, payload: bytes) -> bool:
        """Send any other message, in UTF-8; whether all of it left at once."""

    async def drained(self) -> None:
        """Wait until little is left to be sent."""

    def drop_waiting(self) -> None:
        """Forget what has not been handed to the server."""

    def pause_reading(self) -> None:
        """Take nothing more from the client, where the server allows it, until `resume_reading`."""

    def resume_reading(self) -> None:
        """Take again what the client sends."""

    async def close(self, code: int, *, patience_seconds: float) -> None:
        """Drop what waits and send the close frame; without an answer the connection is cut after this time."""

    def abort(self) -> None:
        """Drop the connection where the server allows it."""


class PlainOutlet:
    """By ASGI's `send`, one after another: works on every server."""

    direct = None

    def __init__(self, send: Send) -> None:
        self.backlog_bytes = 0
        self._send = send
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()
        self._task = asyncio.create_task(self._write_forever())

    def write(self, batch: Batch) -> bool:
        return self.write_text(batch.notification)

    def write_text(self, payload: bytes) -> bool:
        if self._task.cancelling():
            return False
        self.backlog_bytes += len(payload)
        self._waiting.put_nowait(payload)
        return False

    async def drained(self) -> None:
        await self._waiting.join()

    def drop_waiting(self) -> None:
        self._task.cancel()

    def pause_reading(self) -> None:
        pass  # ASGI cannot say so

    def resume_reading(self) -> None:
        pass

    async def close(self, code: int, *, patience_seconds: float) -> None:
        # How long a server waits is its own affair.
        self.drop_waiting()
        await self._send({"type": "websocket.close", "code": code})

    def abort(self) -> None:
        self._task.cancel()

    async def _write_forever(self) -> None:
        while True:
            payload = await self._waiting.get()
            await self._send({"type": "websocket.send", "text": payload.decode()})
            self.backlog_bytes -= len(payload)
            self._waiting.task_done()


def outlet_for(send: Send) -> Outlet:
    """The fastest outlet that the server behind `send` allows."""
    return daphne_outlet(send) or PlainOutlet(send)
