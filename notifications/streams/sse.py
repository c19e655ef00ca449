"""Server-Sent Events: `GET /streams/<name>/sse`, resumed by Last-Event-ID
(https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import asyncio
import logging
import random

from django.conf import settings

from notifications.streams.connections import Reason, connections
from notifications.streams.encoding import Batch, dumps
from notifications.streams.http import (
    Receive,
    Scope,
    Send,
    StreamRequest,
    answering,
    authorise,
    disconnected,
    stream_request,
)
from notifications.streams.hub import current_hub
from notifications.streams.outlet import BACKLOG_BYTES, give_up_after, unsent_bytes

logger = logging.getLogger(__name__)

ROOM_CHECK_SECONDS = 0.02
"""How often a response that is full looks whether its client has read on; daphne's requests do not tell."""

RETRY_MILLISECONDS = (1000, 4000)
"""Told to the client at random from this range, so that a fleet's clients do not come back all at once."""

_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


@answering
async def server_sent_events(scope: Scope, receive: Receive, send: Send) -> None:
    """Stream events until the client goes, falls behind, or the server ends the connection."""
    request = await stream_request(scope)
    source = EventStream(request, send)
    try:
        await authorise(request, source)
        give_up_after(send, settings.LIVE_PONG_SECONDS)
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await _stream(source, receive)
    finally:
        source.unsubscribe()
    await send({"type": "http.response.body", "body": b""})


async def _stream(source: "EventStream", receive: Receive) -> None:
    """Write until the client has gone or the source has ended. A fault ends it too: the client asks again."""
    gone = asyncio.create_task(disconnected(receive))
    writing = asyncio.create_task(source.write_until_ended())
    try:
        await source.subscribe()
        await asyncio.wait({gone, writing}, return_when=asyncio.FIRST_COMPLETED)
    except Exception as error:
        logger.warning("live: an event stream ends before its time (%s)", error)
    finally:
        gone.cancel()
        writing.cancel()


class EventStream:
    """One response; several streams in it are told apart by the `event` field, and by their place in the `id`."""

    def __init__(self, request: StreamRequest, send: Send) -> None:
        self.visitor = request.visitor
        self._request = request
        self._send = send
        self._parts = {stream: Part(self, stream) for stream in request.cursors}
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._waiting_bytes = 0
        self._is_ended = False

    async def subscribe(self) -> None:
        hub = current_hub()
        # All places of the `id` are known before the first event is sent with it.
        for stream, part in self._parts.items():
            cursor = self._request.cursors[stream]
            part.seq = await hub.newest(stream) if cursor is None else cursor
        retry = random.randint(*RETRY_MILLISECONDS)  # noqa: S311  (spread, not a secret)
        self.put(b"retry: %d\nid: %b\n\n" % (retry, self._id()))
        for stream, part in self._parts.items():
            await hub.subscribe(stream, part.seq, part)

    def unsubscribe(self) -> None:
        self._is_ended = True
        connections().discard(self)
        for stream, part in self._parts.items():
            current_hub().unsubscribe(stream, part)

    async def write_until_ended(self) -> None:
        while True:
            try:
                async with asyncio.timeout(settings.LIVE_PING_SECONDS):
                    chunk = await self._waiting.get()
            except TimeoutError:
                # Keeps proxies from closing a silent response, and finds clients that are gone.
                chunk = b":\n\n"
                self._waiting_bytes += len(chunk)
            if chunk is None:
                return
            self._waiting_bytes -= len(chunk)
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    def put(self, chunk: bytes) -> None:
        """Send soon; ends the response of a client that is too far behind, which resumes from where it stands."""
        self._waiting_bytes += len(chunk)
        self._waiting.put_nowait(chunk)
        self.check()

    def check(self) -> None:
        if self._waiting_bytes + unsent_bytes(self._send) > BACKLOG_BYTES:
            self._finish()

    def _finish(self) -> None:
        self._is_ended = True
        self._waiting.put_nowait(None)

    def put_events(self, part: "Part", batch: Batch) -> None:
        if self._request.is_single:
            self.put(batch.server_sent)
            return
        before = part.seq
        lines = []
        for offset, event in enumerate(batch.events, start=1):
            part.seq = before + offset
            lines.append(b"event: %b\nid: %b\ndata: %b\n\n" % (part.stream.encode(), self._id(), event))
        self.put(b"".join(lines))

    def put_control(self, name: str, stream: str, seq: int) -> None:
        """A `reset` or `revoked` event, which also moves the client's Last-Event-ID."""
        data = dumps({"stream": stream, "seq": seq})
        self.put(b"event: %b\nid: %b\ndata: %b\n\n" % (name.encode(), self._id(), data))

    def end(self, reason: Reason) -> None:
        if reason is Reason.SIGNED_OUT:
            self.put(b"event: signed_out\ndata: {}\n\n")
        self._finish()

    def revoke(self, stream: str) -> None:
        if part := self._parts.get(stream):
            current_hub().unsubscribe(stream, part)
            self.put_control("revoked", stream, part.seq)
            self._finish()

    async def ready(self) -> bool:
        """Wait until the client has taken what it was given; False when it is gone or given up."""
        while self._waiting_bytes + unsent_bytes(self._send) > BACKLOG_BYTES // 4:
            await asyncio.sleep(ROOM_CHECK_SECONDS)
            if self._is_ended:
                return False
        return True

    def _id(self) -> bytes:
        return ",".join(str(part.seq) for part in self._parts.values()).encode()


class Part:
    """One stream of a response."""

    direct = None

    def __init__(self, source: EventStream, stream: str) -> None:
        self.stream = stream
        self.seq = 0
        self._source = source

    def deliver(self, batch: Batch) -> None:
        self._source.put_events(self, batch)
        self.seq = batch.last

    def reset(self, last_seq: int) -> None:
        self.seq = last_seq
        self._source.put_control("reset", self.stream, last_seq)

    async def ready(self) -> bool:
        return await self._source.ready()
