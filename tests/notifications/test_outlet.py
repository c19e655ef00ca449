"""The way out to one socket: Twisted's own buffering over a line that takes only so many bytes."""

import asyncio
import errno
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from twisted.internet.abstract import FileDescriptor

from notifications.streams.daphne import DaphneOutlet
from notifications.streams.encoding import text_frame

OPEN, CLOSING = 3, 2


class Line(FileDescriptor):
    """A transport whose kernel has room for `room` bytes; `turn` is the reactor's."""

    def __init__(self, room: int = 1000) -> None:
        super().__init__(reactor=Mock())
        self.connected = True
        self.room = room
        self.sent = b""
        self.is_lost = False
        self.socket: Any = SimpleNamespace(setsockopt=Mock(), fileno=Mock(return_value=9), send=self.writeSomeData)

    def writeSomeData(self, data: bytes) -> int:  # noqa: N802  (Twisted's name)
        taken = bytes(data[: self.room])
        if data and not taken:
            raise BlockingIOError(errno.EAGAIN, "full")
        self.room -= len(taken)
        self.sent += taken
        return len(taken)

    def turn(self, room: int = 1000) -> None:
        """The client reads, and the reactor finds that it may write, until nothing is left to do."""
        self.room += room
        while self.room and (self.dataBuffer or self._tempDataBuffer or self.disconnecting) and not self.is_lost:
            self.is_lost = self.doWrite() is not None


class Client:
    def __init__(self, room: int = 1000) -> None:
        self.line: Any = Line(room)
        self.protocol = SimpleNamespace(STATE_OPEN=OPEN, state=OPEN)
        self.outlet = DaphneOutlet(self.protocol, self.line)

    @property
    def is_drained(self) -> bool:
        return bool(self.outlet._has_room.is_set())

    def say(self, data: bytes) -> None:
        """As autobahn does, by itself."""
        self.line.write(data)

    def close(self) -> None:
        self.protocol.state = CLOSING
        self.say(b"<close>")


@pytest.fixture
def client() -> Client:
    return Client()


def texts(*words: str) -> bytes:
    return b"".join(text_frame(word.encode()) for word in words)


def test_what_a_socket_takes_goes_straight(client: Client) -> None:
    assert client.outlet.write_text(b"one")
    assert client.outlet.write_text(b"two")
    assert client.line.sent == texts("one", "two")
    assert (client.outlet.backlog_bytes, client.is_drained) == (0, True)


def test_what_a_slow_client_does_not_take_follows_in_order() -> None:
    client = Client(room=7)
    words = ["one", "two", "three", "four"]
    assert [client.outlet.write_text(word.encode()) for word in words] == [True, False, False, False]
    assert client.line.sent == texts("one", "two")[:7]
    assert client.outlet.backlog_bytes == len(texts(*words)) - 7
    assert not client.is_drained
    client.line.turn(room=9)
    assert client.line.sent == texts(*words)[:16]
    assert not client.outlet.write_text(b"five")
    client.line.turn()
    assert client.line.sent == texts(*words, "five")
    assert (client.outlet.backlog_bytes, client.is_drained) == (0, True)
    assert client.outlet.write_text(b"six"), "it is quick again"


def test_what_autobahn_says_is_never_put_into_a_frame() -> None:
    client = Client(room=3)
    client.outlet.write_text(b"one")
    client.say(b"<pong>")
    client.outlet.write_text(b"two")
    client.line.turn()
    assert client.line.sent == texts("one") + b"<pong>" + texts("two")


def test_a_frame_waits_for_what_autobahn_has_begun_to_say(client: Client) -> None:
    client.line.room = 2
    client.say(b"<pong>")
    client.line.turn(0)
    client.line.room = 1000  # the client has read, the reactor does not know yet
    assert not client.outlet.write_text(b"one")
    client.line.turn(0)
    assert client.line.sent == b"<pong>" + texts("one")


def test_what_was_written_before_the_outlet_goes_first() -> None:
    line: Any = Line()
    line.write(b"<handshake>")
    outlet = DaphneOutlet(SimpleNamespace(STATE_OPEN=OPEN, state=OPEN), line)
    assert not outlet.write_text(b"one")
    line.turn()
    assert line.sent == b"<handshake>" + texts("one")


@pytest.mark.parametrize("room", [1000, 7])
def test_no_data_follows_a_close_frame(room: int) -> None:
    client = Client(room)
    for word in (b"one", b"two", b"three"):
        client.outlet.write_text(word)
    client.close()
    assert not client.outlet.write_text(b"after")
    client.line.turn()
    before = texts("one", "two", "three") if room == 1000 else texts("one", "two")
    assert client.line.sent == before + b"<close>"
    assert not client.outlet.write_text(b"after")
    client.line.turn()
    assert client.line.sent == before + b"<close>"
    assert client.is_drained, "nobody waits for it any more"


def test_what_is_dropped_does_not_leave(client: Client) -> None:
    client.line.room = 7
    for word in (b"one", b"two", b"three"):
        client.outlet.write_text(word)
    client.outlet.drop_waiting()
    client.line.turn()
    assert client.line.sent == texts("one", "two"), "the frame that was begun is finished"


@pytest.mark.parametrize("lose", [lambda client: client.line.loseConnection(), lambda client: client.close()])
def test_a_connection_that_is_given_up_ends(lose: Callable[[Client], None]) -> None:
    client = Client(room=7)
    for word in (b"one", b"two"):
        client.outlet.write_text(word)
    lose(client)
    client.line.loseConnection()
    client.line.turn()
    assert client.line.is_lost


def test_whoever_waits_is_woken_when_the_connection_is_gone() -> None:
    async def scenario() -> None:
        client = Client(room=1)
        client.outlet.write_text(b"one")
        client.outlet.write_text(b"two")
        client.line.connectionLost(None)
        await asyncio.wait_for(client.outlet.drained(), 1)
        assert client.outlet.waiting_bytes == 0

    asyncio.run(scenario())
