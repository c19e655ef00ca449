"""Short and long polling: `GET /streams/<name>/events?after=N[&wait=25]`."""

import asyncio
import re
from typing import Any

from notifications.errors import UnknownStream
from notifications.streams.connections import Reason, connections
from notifications.streams.encoding import Batch, dumps
from notifications.streams.http import (
    BadRequest,
    Receive,
    Scope,
    Send,
    StreamRequest,
    answering,
    authorise,
    disconnected,
    respond,
    stream_request,
)
from notifications.streams.hub import current_hub

LONGEST_WAIT_SECONDS = 30

ANSWER_EVENTS = 1000
ANSWER_BYTES = 1024 * 1024
"""About how much one stream has in one answer; `more` tells that the rest is to be asked for."""


@answering
async def poll(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what follows the cursors at once, or, with `wait`, when something comes or the seconds are over."""
    request = await stream_request(scope)
    wait = _wait_seconds(request)
    asked = Poll(request)
    try:
        await authorise(request, asked)
        await asked.subscribe()
        if asked.is_empty:
            await current_hub().catch_up(list(request.cursors))
        if wait and asked.is_empty:
            await asked.wait(wait, receive)
    finally:
        asked.unsubscribe()
    if asked.was_revoked:
        raise UnknownStream()
    etag = asked.etag
    if not wait and _matches(etag, request.headers.get("if-none-match", "")):
        await respond(send, 304, headers={"etag": etag})
        return
    await respond(send, 200, asked.body(), {"etag": etag, "cache-control": "private, no-cache"})


class Poll:
    """One request: a sink for each of its streams, and a connection that can be ended."""

    def __init__(self, request: StreamRequest) -> None:
        self.visitor = request.visitor
        self.was_revoked = False
        self._cursors = request.cursors
        self._is_single = request.is_single
        self._answers = {stream: Answer(self, stream) for stream in request.cursors}
        self._news = asyncio.Event()

    async def subscribe(self) -> None:
        for stream, answer in self._answers.items():
            answer.seq = await current_hub().subscribe(stream, self._cursors[stream], answer)

    def unsubscribe(self) -> None:
        connections().discard(self)
        for stream, answer in self._answers.items():
            current_hub().unsubscribe(stream, answer)

    async def wait(self, seconds: int, receive: Receive) -> None:
        gone = asyncio.create_task(disconnected(receive))
        news = asyncio.create_task(self._news.wait())
        try:
            await asyncio.wait({gone, news}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            news.cancel()

    def wake(self) -> None:
        self._news.set()

    def end(self, reason: Reason) -> None:
        self.was_revoked = self.was_revoked or reason is Reason.SIGNED_OUT
        self._news.set()

    def check(self) -> None:
        """A poll ends by itself."""

    def revoke(self, stream: str) -> None:
        if stream in self._answers:
            self.was_revoked = True
            self._news.set()

    @property
    def is_empty(self) -> bool:
        return not self._news.is_set()

    @property
    def etag(self) -> str:
        """Names the answer: the cursors asked from and the numbers reached."""
        asked = ",".join(str(cursor) for cursor in self._cursors.values())
        reached = ",".join(str(answer.seq) for answer in self._answers.values())
        return f'"{asked}-{reached}"'

    def body(self) -> bytes:
        parts = [answer.body() for answer in self._answers.values()]
        return parts[0] if self._is_single else b'{"answers":[%b]}' % b",".join(parts)


class Answer:
    """What one stream has to say in a poll."""

    direct = None

    def __init__(self, poll: Poll, stream: str) -> None:
        self.stream = stream
        self.seq = 0
        self._poll = poll
        self._events: list[bytes] = []
        self._was_reset = False
        self._has_more = False

    def deliver(self, batch: Batch) -> None:
        self._events.extend(batch.events)
        self.seq = batch.last
        self._poll.wake()

    async def ready(self) -> bool:
        """Take a bounded part of a long history; the answer says that there is more."""
        self._has_more = len(self._events) >= ANSWER_EVENTS or sum(map(len, self._events)) >= ANSWER_BYTES
        return not self._has_more

    def reset(self, last_seq: int) -> None:
        self._events.clear()
        self.seq = last_seq
        self._was_reset = True
        self._poll.wake()

    def body(self) -> bytes:
        return b'{"stream":%b,"seq":%d,"reset":%b,"more":%b,"events":[%b]}' % (
            dumps(self.stream),
            self.seq,
            b"true" if self._was_reset else b"false",
            b"true" if self._has_more else b"false",
            b",".join(self._events),
        )


def _matches(etag: str, known: str) -> bool:
    """Whether If-None-Match names the answer (RFC 9110, 13.1.2): proxies that compress make an ETag a weak one."""
    return etag in re.findall(r'"[^"]*"', known)


def _wait_seconds(request: StreamRequest) -> int:
    text: Any = request.query.get("wait", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise BadRequest("wait is a whole number of seconds.")
    return min(int(text), LONGEST_WAIT_SECONDS)
