"""The open live connections of this process: who they belong to, and when they have to end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Protocol

import orjson

from notifications.streams.encoding import Batch
from notifications.streams.hub import current_hub
from notifications.streams.permissions import CONTROL_STREAM
from notifications.streams.session import Visitor, ended
from notifications.streams.threads import in_thread

logger = logging.getLogger(__name__)

CHECK_SECONDS = 1.0
SESSION_CHECK_SECONDS = 3.0
"""How often sessions are compared with the database: a logout ends what is open within 5 s."""

TURNS = 7
"""In which all connections are checked: hundreds at once would hold up everybody's messages for milliseconds."""


class Reason(Enum):
    """Why the server ends a connection."""

    SIGNED_OUT = "signed_out"
    RESTARTING = "restarting"


class Connection(Protocol):
    """A socket, an event stream or a waiting poll."""

    visitor: Visitor

    def end(self, reason: Reason) -> None:
        """Tell the client and close, soon."""

    def check(self) -> None:
        """Called once a second: end it if the client is too slow."""

    def revoke(self, stream: str) -> None:
        """The person may no longer read the stream: stop delivering it, at once."""


class Connections:
    """Ends connections whose session is over, subscriptions whose right was taken away, and all at shutdown."""

    def __init__(self) -> None:
        self.is_draining = False
        self.following = asyncio.Event()
        """Set once revocations are heard of: a right that is looked up later cannot be lost unnoticed."""
        self._open: set[Connection] = set()
        self._emptied = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        forever = (
            self._in_turns(CHECK_SECONDS, self._check),
            self._in_turns(SESSION_CHECK_SECONDS, self._check_sessions),
            self._follow_revocations(),
        )
        self._tasks = [self._loop.create_task(work) for work in forever]

    def add(self, connection: Connection) -> None:
        self._open.add(connection)
        if self.is_draining:
            connection.end(Reason.RESTARTING)

    def discard(self, connection: Connection) -> None:
        self._open.discard(connection)
        if self.is_draining and not self._open:
            self._emptied.set()

    def holds(self, connection: Connection) -> bool:
        return connection in self._open

    def __len__(self) -> int:
        return len(self._open)

    async def drain(self) -> None:
        """End all connections and wait until they are gone."""
        self.is_draining = True
        for connection in list(self._open):
            connection.end(Reason.RESTARTING)
        if self._open:
            await self._emptied.wait()

    # The hub's sink of the control stream.

    direct = None

    def deliver(self, batch: Batch) -> None:
        for event in map(orjson.loads, batch.events):
            user_id, stream = event["data"]["user"], event["data"]["stream"]
            for connection in list(self._open):
                if connection.visitor.user.pk == user_id:
                    connection.revoke(stream)

    async def ready(self) -> bool:
        return True

    def reset(self, last_seq: int) -> None:
        """Revocations were missed, whose are unknown: everybody has to ask again."""
        for connection in list(self._open):
            connection.end(Reason.RESTARTING)

    async def _follow_revocations(self) -> None:
        while True:
            try:
                await current_hub().subscribe(CONTROL_STREAM, None, self)
            except Exception:
                logger.exception("live: cannot follow revocations; trying again")
                await asyncio.sleep(1)
            else:
                self.following.set()
                return

    async def _in_turns(self, seconds: float, look: Callable[[list[Connection]], Awaitable[None]]) -> None:
        """Look at each open connection once in so many seconds."""
        while True:
            for turn in range(TURNS):
                await asyncio.sleep(seconds / TURNS)
                try:
                    await look([each for each in self._open if hash(each) % TURNS == turn])
                except Exception:
                    logger.exception("live: cannot check connections; trying again")

    async def _check(self, some: list[Connection]) -> None:
        for connection in some:
            try:
                connection.check()
            except Exception:  # the others are checked all the same
                logger.exception("live: cannot check a connection; trying again")

    async def _check_sessions(self, some: list[Connection]) -> None:
        people = [connection for connection in some if connection.visitor.is_signed_in]
        if not people:
            return
        over = await in_thread(ended, [connection.visitor for connection in people])
        for connection in people:
            if connection.visitor in over:
                connection.end(Reason.SIGNED_OUT)


_connections: Connections | None = None


def connections() -> Connections:
    """This process's registry, made on the running event loop by the first who asks."""
    global _connections
    if _connections is None or _connections._loop is not asyncio.get_running_loop():
        _connections = Connections()
    return _connections
