"""The one place that reaches into daphne's and Twisted's insides, because daphne's `send` has no backpressure and
costs a task, an encoding and a turn of the event loop for each frame of each connection.

Everything here answers None or 0 where a server is not the daphne it knows; callers then take the plain path.
"""

import asyncio
import errno
import functools
import socket
from collections import deque
from typing import Any, Self

from daphne.http_protocol import WebRequest
from twisted.internet.tcp import Connection as TcpConnection
from twisted.web import http

from notifications.streams.encoding import Batch, text_frame

SEND_BUFFER_BYTES = 256 * 1024


def _protocol_of(send: Any) -> Any | None:
    """The protocol object behind daphne's `send`, which is `partial(server.handle_reply, protocol)`."""
    if isinstance(send, functools.partial) and send.args and getattr(send.func, "__name__", "") == "handle_reply":
        return send.args[0]
    return None


def _transport_of(send: Any) -> TcpConnection | None:
    protocol = _protocol_of(send)
    channel = getattr(protocol, "channel", None)  # an HTTP request's transport is behind its channel
    transport = getattr(channel if channel is not None else protocol, "transport", None)
    return transport if isinstance(transport, TcpConnection) else None


def unsent_bytes(send: Any) -> int:
    """What the application has sent and the kernel has not taken yet; 0 where that is not known."""
    transport = _transport_of(send)
    return 0 if transport is None else _buffered(transport)


def give_up_after(send: Any, seconds: float) -> None:
    """Have the kernel drop a connection that takes nothing of what it is sent for so long (TCP_USER_TIMEOUT; Linux):
    by itself it would try for a quarter of an hour."""
    transport = _transport_of(send)
    if transport is not None and transport.connected and hasattr(socket, "TCP_USER_TIMEOUT"):
        transport.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


def _buffered(transport: Any) -> int:
    return int(transport._tempDataLen + len(transport.dataBuffer) - transport.offset)


class DaphneOutlet:
    """Writes whole frames straight to the socket while nothing waits for it. What a slow client does not take is kept
    as references to frames that all subscribers share; Twisted has at most the rest of one, and what autobahn says.

    One attribute tells whether a frame may go straight: to ask all the objects of a connection what it depends on took
    as long for 500 of them as to store the message.
    """

    __slots__ = (
        "_has_room",
        "_protocol",
        "_send_now",
        "_transport",
        "_waiting",
        "_write",
        "can_send",
        "fileno",
        "waiting_bytes",
    )

    def __init__(self, protocol: Any, transport: Any) -> None:
        self.waiting_bytes = 0
        self._protocol = protocol
        self._transport = transport
        # The kernel would take megabytes for a client that reads nothing, and hide from us that it does not.
        transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self.fileno = transport.socket.fileno
        self._send_now = transport.socket.send
        self._waiting: deque[bytes] = deque()
        self.can_send = False
        self._has_room = asyncio.Event()
        # Until here the transport's producer was the HTTP channel of the upgrade request.
        transport.unregisterProducer()
        self._write = transport.write
        transport.write = self._write_behind
        transport.registerProducer(self, False)  # asks at once, and whenever Twisted has sent all that it had

    @property
    def direct(self) -> Self:
        return self

    @property
    def backlog_bytes(self) -> int:
        return self.waiting_bytes + _buffered(self._transport)

    def write(self, batch: Batch) -> bool:
        return self._write_frame(batch.frame)

    def write_text(self, payload: bytes) -> bool:
        return self._write_frame(text_frame(payload))

    async def drained(self) -> None:
        await self._has_room.wait()

    def drop_waiting(self) -> None:
        self._waiting.clear()
        self.waiting_bytes = 0

    def pause_reading(self) -> None:
        self._transport.pauseProducing()

    def resume_reading(self) -> None:
        self._transport.resumeProducing()

    async def close(self, code: int, *, patience_seconds: float) -> None:
        # Daphne's way refuses codes that RFC 6455 keeps for servers, such as 1012.
        self.drop_waiting()
        self._protocol.closeHandshakeTimeout = patience_seconds
        self._protocol.sendCloseFrame(code=code, isReply=False)

    def abort(self) -> None:
        self._transport.abortConnection()

    def _write_frame(self, frame: bytes) -> bool:
        if self.can_send:
            return self._send(frame)
        if self._is_open:
            self._waiting.append(frame)
            self.waiting_bytes += len(frame)
        return False

    @property
    def _is_open(self) -> bool:
        """No data follows a close frame, be it the client's."""
        return bool(self._protocol.state == self._protocol.STATE_OPEN)

    def _send(self, frame: bytes) -> bool:
        try:
            return self.sent(frame, self._send_now(frame))
        except OSError as error:
            return self.sent(frame, -(error.errno or errno.EPIPE))

    def sent(self, frame: bytes, count: int) -> bool:
        if count == len(frame):
            return True
        if count >= 0 or count == -errno.EAGAIN:
            self._transport.write(frame[max(count, 0) :])
        return False  # after any other error the reactor closes the connection, which sees the same

    def _write_behind(self, data: bytes) -> None:
        """The transport's `write`, ours and autobahn's: from now on frames wait until this has left."""
        self.can_send = False
        self._has_room.clear()
        self._write(data)

    # Twisted's pull producer: called by the transport when it has nothing to send any more, or is gone.

    def resumeProducing(self) -> None:  # noqa: N802  (Twisted's name)
        if _buffered(self._transport):
            return  # what was written before this outlet was there; the transport asks again
        if self._transport.disconnecting or not self._is_open:
            self._transport.unregisterProducer()  # it would wait for us before it closes
            self.stopProducing()
            return
        self.can_send = True
        while self._waiting and self.can_send:
            frame = self._waiting.popleft()
            self.waiting_bytes -= len(frame)
            self._send(frame)
        if self.can_send:
            self._has_room.set()

    def stopProducing(self) -> None:  # noqa: N802
        self.can_send = False
        self._has_room.set()
        self.drop_waiting()


def daphne_outlet(send: Any) -> DaphneOutlet | None:
    """An outlet for a WebSocket that daphne serves over plain TCP; None for any other."""
    transport = _transport_of(send)
    # A client may be gone before its visitor is known; its transport has no socket then.
    return DaphneOutlet(_protocol_of(send), transport) if transport is not None and transport.connected else None


def _short_message(data: bytes) -> bytes | None:
    """The UTF-8 text of a chunk that is exactly one masked text frame of less than 126 bytes or of 126 to 65,535."""
    if len(data) < 6 or data[0] != 0x81 or data[1] < 0x80:
        return None
    size, start = data[1] & 0x7F, 2
    if size == 126:
        size, start = int.from_bytes(data[2:4]), 4
        if size < 126:
            return None
    if len(data) != start + 4 + size:
        return None
    mask = data[start : start + 4] * (size // 4 + 1)
    text = (int.from_bytes(data[start + 4 :]) ^ int.from_bytes(mask[:size])).to_bytes(size)
    try:
        text.decode()
    except UnicodeDecodeError:
        return None
    return text


def read_short_messages(factory: Any) -> None:
    """Have the connections of daphne's WebSocket factory take the frame that nearly always comes, a short message in
    one piece, without autobahn's machine for all that may come: in a tenth of the time.

    Whatever else there is in the bytes goes through that machine, from their start.
    """
    protocol = factory.protocol
    if not {"dataReceived", "onMessage", "STATE_OPEN", "_cancelAutoPingTimeoutCall"} <= set(dir(protocol)):
        return

    def data_received(self: Any, data: bytes) -> None:
        is_between = self.state == self.STATE_OPEN and not (self.data or self.current_frame or self.inside_message)
        text = _short_message(data) if is_between else None
        if text is None:
            protocol.dataReceived(self, data)
            return
        if self.autoPingTimeoutCall and self.autoPingRestartOnAnyTraffic:
            self._cancelAutoPingTimeoutCall()
        self.onMessage(text, isBinary=False)

    factory.protocol = type("WebSocketProtocol", (protocol,), {"dataReceived": data_received})


def remember_content_types() -> None:
    """Twisted has Python's e-mail package parse the content type of each POST: 0.5 ms for what is nearly always the
    same."""
    parse = getattr(http, "_parseContentType", None)
    if parse is not None:
        http._parseContentType = functools.lru_cache(maxsize=256)(parse)


def cut_broken_responses() -> None:
    """Have a response that breaks off in the middle cut, so that its client knows.

    Daphne would begin a second response, which raises in the task that reaps all connections and ends it for good.
    """
    answer_fault = WebRequest.handle_exception

    def handle_exception(request: Any, fault: BaseException) -> None:
        if not request._response_started:
            answer_fault(request, fault)
        elif request.channel is not None:
            request.channel.forceAbortClient()

    WebRequest.handle_exception = handle_exception
