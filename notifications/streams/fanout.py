"""Hands one frame to hundreds of sockets by one call, for which the interpreter's lock is not held.

Python takes a quarter as long again for a `send` as the kernel does. Where the C compiler is missing all goes the way
that everything else goes: by each subscriber's `deliver`.
"""

import ctypes
import logging
from array import array
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

from notifications.compiling import NotCompiled, compiled
from notifications.streams.encoding import Batch

logger = logging.getLogger(__name__)

SOURCE = Path(__file__).with_name("fanout.c")

MANY = 16
"""Fewer sockets are not worth the call."""

_library: ctypes.CDLL | None = None


class Direct(Protocol):
    """A socket to which whole frames may be sent while nothing waits for it."""

    can_send: bool

    def fileno(self) -> int:
        """The socket's number as it is now: -1 once it is closed, and may be another connection's tomorrow."""

    def sent(self, frame: bytes, count: int) -> bool:
        """The socket took so many bytes of a frame, or answered -errno; whether all of it left at once."""


class Sink(Protocol):
    """One subscriber of one stream. Called on the event loop, must not block."""

    @property
    def direct(self) -> Direct | None:
        """Its socket, where it has one of its own that takes frames."""

    def deliver(self, batch: Batch) -> None:
        """Take events that follow what was delivered before."""

    def reset(self, last_seq: int) -> None:
        """The events in between are no longer kept: the subscriber goes on from `last_seq`."""

    async def ready(self) -> bool:
        """Wait, while history is handed out, until more can be taken; False ends it: nothing more is wanted."""


def prepare(folder: Path) -> None:
    """Have what was compiled from fanout.c at hand; it is kept in the folder."""
    global _library
    try:
        _library = ctypes.CDLL(str(compiled(SOURCE, folder, "-O2", "-shared", "-fPIC")))
    except (NotCompiled, OSError) as error:
        logger.warning("live: messages are handed out one by one (fanout.c does not compile: %s)", error)


def hand_out(batch: Batch, sinks: Collection[Sink]) -> Sequence[Sink]:
    """Send a batch to those whose sockets can take a frame now; returns the others, to whom it is to be delivered."""
    if _library is None or len(sinks) < MANY:
        return tuple(sinks)
    directly: list[Direct] = []
    others: list[Sink] = []
    sockets = array("i")
    for sink in sinks:
        direct = sink.direct
        if direct is not None and direct.can_send:
            directly.append(direct)
            sockets.append(direct.fileno())
        else:
            others.append(sink)
    sent = array("i", bytes(sockets.itemsize * len(sockets)))
    size = len(batch.frame)
    if _library.send_to_all(_address(sockets), len(sockets), batch.frame, ctypes.c_size_t(size), _address(sent)):
        for direct, count in zip(directly, sent, strict=True):
            if count != size:
                direct.sent(batch.frame, count)
    return others


def _address(numbers: "array[int]") -> ctypes.c_void_p:
    return ctypes.c_void_p(numbers.buffer_info()[0])
