"""The open live connections of this process: who they belong to, and when they have to end."""

import asyncio
import logging
from enum import Enum
from typing import Any, Protocol

import orjson
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.utils import timezone
from oauth2_provider.models import AccessToken

from notifications.streams.encoding import Batch
from notifications.streams.hub import current_hub
from notifications.streams.permissions import CONTROL_STREAM
from notifications.streams.session import Visitor
from notifications.streams.threads import in_thread

logger = logging.getLogger(__name__)

SESSION_CHECK_SECONDS = 3.0
"""How often sessions are compared with the database: a logout ends what is open within 5 s."""

_KEYS_PER_QUERY = 500


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
        self._task = self._loop.create_task(self._check_forever())
        self._subscribing = self._loop.create_task(self._follow_revocations())

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

    async def _check_forever(self) -> None:
        sessions_checked = self._loop.time()
        while True:
            await asyncio.sleep(1)
            for connection in list(self._open):
                connection.check()
            if self._loop.time() - sessions_checked >= SESSION_CHECK_SECONDS:
                sessions_checked = self._loop.time()
                try:
                    await self._check_sessions()
                except Exception:
                    logger.exception("live: cannot check sessions; trying again")

    async def _check_sessions(self) -> None:
        people = [connection for connection in self._open if connection.visitor.is_signed_in]
        if not people:
            return
        over = await in_thread(_over, {connection.visitor for connection in people})
        for connection in people:
            if connection.visitor in over:
                connection.end(Reason.SIGNED_OUT)


def _over(visitors: set[Visitor]) -> set[Visitor]:
    """Those whose session or token was ended or has expired, or whose password, or right to sign in, was changed."""
    programs = {v for v in visitors if v.token_id is not None}
    return _signed_out(visitors - programs) | _without_token(programs)


def _without_token(programs: set[Visitor]) -> set[Visitor]:
    tokens: set[int] = set()
    ids = [v.token_id for v in programs]
    for start in range(0, len(ids), _KEYS_PER_QUERY):
        part = ids[start : start + _KEYS_PER_QUERY]
        alive = AccessToken.objects.filter(pk__in=part, expires__gt=timezone.now(), user__is_active=True)
        tokens.update(alive.values_list("pk", flat=True))
    return {v for v in programs if v.token_id not in tokens}


def _signed_out(people: set[Visitor]) -> set[Visitor]:
    sessions: set[str] = set()
    users: dict[Any, str] = {}
    keys, ids = [v.session_key for v in people], [v.user.pk for v in people]
    for start in range(0, len(keys), _KEYS_PER_QUERY):
        part = slice(start, start + _KEYS_PER_QUERY)
        alive = Session.objects.filter(session_key__in=keys[part], expire_date__gt=timezone.now())
        sessions.update(alive.values_list("session_key", flat=True))
        active = get_user_model().objects.filter(pk__in=ids[part], is_active=True)
        users.update(active.values_list("pk", "password"))
    return {v for v in people if v.session_key not in sessions or users.get(v.user.pk) != v.user.password}


_connections: Connections | None = None


def connections() -> Connections:
    """This process's registry, made on the running event loop by the first who asks."""
    global _connections
    if _connections is None or _connections._loop is not asyncio.get_running_loop():
        _connections = Connections()
    return _connections
