"""The load: hundreds of raw WebSocket clients in one process, the same for every server.

Deliveries are counted by a mark that stands once in each message, whatever frames the server makes of them; so the
count costs the generator the same few instructions per byte for every server.
"""

import base64
import json
import os
import select
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

MARK = b"%|!"
"""Stands before the sending time (nanoseconds, 19 digits) in each message; no frame's length is written like it."""
_STAMP_DIGITS = 19
_FILLER = "x" * (100 - len(MARK) - _STAMP_DIGITS - 1)

ACK_SECONDS = 1.0

_PROCESSORS = os.sched_getaffinity(0)
_OWN = {max(_PROCESSORS)} if len(_PROCESSORS) > 1 else _PROCESSORS
_OTHERS = _PROCESSORS - _OWN or _PROCESSORS


def keep_a_processor() -> None:
    """Start what is measured on all processors but one, which is the load's alone: people's machines are others too.

    Where the two meet, a server that hands out waits whole slices of time for those whom its sends have woken.
    """
    os.sched_setaffinity(0, _OTHERS)


@dataclass
class Peer:
    """How to speak to one kind of server."""

    name: str
    path: str
    encode: Callable[[str], bytes]
    """A chat message's text as the payload of a client's frame."""
    hello: Callable[["Client"], list[bytes]] = lambda client: []
    """Payloads sent after the handshake."""
    answer: Callable[["Client", bytes], bytes | None] = lambda client, data: None
    """A payload to send back for what was received, such as a pong of the protocol above."""
    acknowledge: Callable[["Client"], bytes | None] = lambda client: None
    """A payload sent once a second."""
    headers: Callable[[int], dict[str, str]] = lambda number: {}


@dataclass
class Client:
    number: int
    sock: socket.socket
    tail: bytes = b""
    last: bytes = b""

    def send(self, payload: bytes) -> None:
        self.sock.setblocking(True)
        self.sock.sendall(frame(payload))
        self.sock.setblocking(False)


def frame(payload: bytes) -> bytes:
    """A client's text frame; the mask is zero, which is allowed and costs nothing."""
    size = len(payload)
    head = struct.pack("!BB", 0x81, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x81, 0xFE, size)
    return head + b"\0\0\0\0" + payload


def connect(peer: Peer, port: int, number: int) -> Client:
    sock = socket.create_connection(("127.0.0.1", port), timeout=20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    key = base64.b64encode(os.urandom(16)).decode()
    headers = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": "13",
        **peer.headers(number),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    sock.sendall(f"GET {peer.path} HTTP/1.1\r\n{lines}\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += sock.recv(4096)
    if not answer.startswith(b"HTTP/1.1 101"):
        raise SystemExit(f"{peer.name}: {answer[:200]!r}")
    client = Client(number, sock)
    for payload in peer.hello(client):
        client.send(payload)
    return client


class Load:
    """Connected clients of one server, and the messages in flight between them."""

    def __init__(self, peer: Peer, ports: list[int], clients: int) -> None:
        self.peer = peer
        os.sched_setaffinity(0, _OWN)
        self.clients = [connect(peer, ports[n % len(ports)], n) for n in range(clients)]
        self.deliveries = 0
        self.sent = 0
        self.latencies_ns: list[int] = []
        self._buffer = memoryview(bytearray(262144))
        self._by_fd = {client.sock.fileno(): client for client in self.clients}
        self._epoll = select.epoll()
        for client in self.clients:
            client.sock.setblocking(False)
            self._epoll.register(client.sock.fileno(), select.EPOLLIN)
        self._acknowledged = 0
        self._settle()

    def close(self) -> None:
        for client in self.clients:
            client.sock.close()
        self._epoll.close()
        os.sched_setaffinity(0, _OTHERS)

    def run_window(self, window: int, seconds: float) -> float:
        """Deliveries per second with `window` messages in flight all the time."""
        senders = min(window, len(self.clients))
        end = time.monotonic() + seconds
        self._reset_counts()
        start = time.monotonic()
        while time.monotonic() < end:
            while self.sent * len(self.clients) - self.deliveries < (window - 0.5) * len(self.clients):
                self._send(self.clients[self.sent % senders])
            self._take(0.05, sample=0)
        rate = self.deliveries / (time.monotonic() - start)
        self._drain()
        return rate

    def run_rate(self, deliveries_per_second: int, seconds: float) -> tuple[float, float, float]:
        """(deliveries per second, p50, p99 in ms) with messages sent on time, whether or not the last ones arrived."""
        self._reset_counts()
        interval = len(self.clients) / deliveries_per_second
        sample = max(1, len(self.clients) // 20)
        start = time.monotonic()
        due = deque(start + n * interval for n in range(int(seconds / interval)))
        while due:
            now = time.monotonic()
            while due and due[0] <= now:
                # The time a message was due, not when a busy generator got to it: no coordinated omission.
                self._send(self.clients[self.sent % 50], stamp_ns=int(due.popleft() * 1e9))
            self._take(max(0.0, min(0.005, due[0] - now)) if due else 0, sample=sample)
        rate = self.deliveries / (time.monotonic() - start)
        self._drain(sample)
        ordered = sorted(self.latencies_ns)
        return rate, ordered[len(ordered) // 2] / 1e6, ordered[int(len(ordered) * 0.99)] / 1e6

    def _reset_counts(self) -> None:
        self.deliveries = self.sent = 0
        self.latencies_ns = []

    def _send(self, sender: Client, stamp_ns: int | None = None) -> None:
        stamp = time.monotonic_ns() if stamp_ns is None else stamp_ns
        sender.send(self.peer.encode(f"{MARK.decode()}{stamp:0{_STAMP_DIGITS}d} {_FILLER}"))
        self.sent += 1

    def _drain(self, sample: int = 0) -> None:
        """Wait for what is still in flight; a message that never comes is said."""
        deadline = time.monotonic() + 20
        while self.deliveries < self.sent * len(self.clients) and time.monotonic() < deadline:
            self._take(0.1, sample)
        missing = self.sent * len(self.clients) - self.deliveries
        if missing:
            print(
                f"  {self.peer.name}: {missing} of {self.sent * len(self.clients)} deliveries never came", flush=True
            )

    def _settle(self) -> None:
        """Wait until all answers to the clients' first calls have come."""
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < 1.5:
            if self._take(0.1, 0):
                quiet_since = time.monotonic()
        self._reset_counts()

    def _take(self, wait: float, sample: int) -> int:
        """Receive what is there; returns from how many clients."""
        ready = self._epoll.poll(wait)
        for fd, _ in ready:
            client = self._by_fd[fd]
            try:
                data = bytes(self._buffer[: client.sock.recv_into(self._buffer)])
            except BlockingIOError:
                continue
            except ConnectionResetError:
                data = b""
            if not data:
                raise SystemExit(f"{self.peer.name}: the server closed client {client.number}")
            seen = client.tail + data
            if count := seen.count(MARK):
                client.last = data
                self.deliveries += count
            # What is cut off at the end is counted with the next chunk.
            client.tail = next((MARK[:cut] for cut in (2, 1) if seen.endswith(MARK[:cut])), b"")
            if sample and client.number % sample == 0 and (unfinished := self._note_latencies(seen)):
                client.tail = seen[-unfinished:]
                self.deliveries -= 1
            answer = self.peer.answer(client, data)
            if answer is not None:
                client.send(answer)
        self._acknowledge()
        return len(ready)

    def _acknowledge(self) -> None:
        """Each client acknowledges once in ACK_SECONDS, in its turn, as people's pages do."""
        count = len(self.clients)
        due = int(time.monotonic() / ACK_SECONDS * count)
        for turn in range(max(self._acknowledged, due - count), due):
            client = self.clients[turn % count]
            payload = self.peer.acknowledge(client)
            if payload is not None:
                client.send(payload)
        self._acknowledged = due

    def _note_latencies(self, seen: bytes) -> int:
        """Note the age of each message; returns how many bytes at the end are one whose stamp is not complete."""
        now = time.monotonic_ns()
        at = seen.find(MARK)
        while at >= 0:
            stamp = seen[at + len(MARK) : at + len(MARK) + _STAMP_DIGITS]
            if len(stamp) < _STAMP_DIGITS:
                return len(seen) - at
            self.latencies_ns.append(now - int(stamp))
            at = seen.find(MARK, at + len(MARK))
        return 0


def json_text(text: str) -> bytes:
    return json.dumps({"message": text}).encode()
