"""One frame to many sockets at once: real ones, quick, slow, full and gone."""

import errno
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from notifications import compiling
from notifications.streams import fanout
from notifications.streams.encoding import Batch
from notifications.streams.fanout import MANY, hand_out


class Outlet:
    def __init__(self) -> None:
        self.near, self.far = socket.socketpair()
        self.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.fileno = self.near.fileno
        self.can_send = True
        self.rest: int | None = None

    def sent(self, frame: bytes, count: int) -> bool:
        self.rest = count
        return False

    def received(self) -> bytes:
        self.far.setblocking(False)
        try:
            return self.far.recv(1 << 20)
        except BlockingIOError:
            return b""


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[list[Any]]:
    fanout.prepare(tmp_path)
    assert fanout._library is not None
    outlets = [Outlet() for _ in range(MANY)]
    yield [SimpleNamespace(direct=outlet) for outlet in outlets]
    fanout._library = None
    for outlet in outlets:
        outlet.near.close()
        outlet.far.close()


BATCH = Batch("room:1", 1, [b'{"seq":1}'])


def test_everyone_gets_the_frame(sinks: list[Any]) -> None:
    assert hand_out(BATCH, sinks) == []
    assert {sink.direct.received() for sink in sinks} == {BATCH.frame}
    assert {sink.direct.rest for sink in sinks} == {None}


def test_whoever_is_no_socket_or_waits_is_left_to_deliver(sinks: list[Any]) -> None:
    slow, stream = sinks[3], SimpleNamespace(direct=None)
    slow.direct.can_send = False
    assert hand_out(BATCH, [*sinks, stream]) == [slow, stream]
    assert slow.direct.received() == b""
    assert sinks[4].direct.received() == BATCH.frame


def test_what_a_socket_did_not_take_is_told_to_its_outlet_alone(sinks: list[Any]) -> None:
    full, half, gone, *others = (sink.direct for sink in sinks)
    full.near.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            full.near.send(b"x" * 1000)
    large = Batch("room:1", 1, [b"x" * 300_000])
    for other in others:
        other.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    gone.far.close()
    assert hand_out(large, sinks) == []
    assert full.rest == -errno.EAGAIN
    assert 0 < half.rest < len(large.frame)
    assert len(half.received()) == half.rest
    assert gone.rest == -errno.EPIPE, "and no signal"


def test_nobody_gets_what_was_meant_for_a_socket_that_is_closed(sinks: list[Any]) -> None:
    closed = sinks[0].direct
    number = closed.fileno()
    closed.near.close()
    heir, far = socket.socketpair()
    assert number in {heir.fileno(), far.fileno()}, "the number was given away"
    assert hand_out(BATCH, sinks) == []
    assert closed.rest == -errno.EBADF
    with heir, far:
        far.setblocking(False)
        heir.setblocking(False)
        for end in (heir, far):
            with pytest.raises(BlockingIOError):
                end.recv(1)


def test_a_few_are_served_one_by_one(sinks: list[Any]) -> None:
    assert list(hand_out(BATCH, sinks[: MANY - 1])) == sinks[: MANY - 1]


def test_without_a_compiler_everyone_is_served_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compiling.shutil, "which", lambda _: None)
    fanout.prepare(tmp_path)
    assert "apt-get install gcc" in caplog.text
    sinks: list[Any] = [SimpleNamespace(direct=object()) for _ in range(MANY)]
    assert list(hand_out(BATCH, sinks)) == sinks


def test_what_was_compiled_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compiling.compiled(fanout.SOURCE, tmp_path, "-O2", "-shared", "-fPIC")
    monkeypatch.setattr(compiling.shutil, "which", lambda _: None)
    assert compiling.compiled(fanout.SOURCE, tmp_path, "-O2", "-shared", "-fPIC") == first
    with pytest.raises(compiling.NotCompiled):
        compiling.compiled(fanout.SOURCE, tmp_path, "-O1", "-shared", "-fPIC")
    assert list(tmp_path.iterdir()) == [first]
