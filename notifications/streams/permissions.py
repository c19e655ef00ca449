"""Who may read a stream: one function per prefix, asked by all four transports."""

from collections.abc import Callable
from typing import Any

from notifications.streams.appending import append

Reader = Callable[[Any, str], bool]
"""Takes a user (perhaps anonymous) and the part of the name after the colon; says whether they may read. Synchronous,
may query the database, must answer False for a key that does not exist or is not well formed."""

CONTROL_STREAM = "control"
"""Tells the servers what has to end; no prefix, so nobody can subscribe to it from outside."""

_readers: dict[str, Reader] = {}
_scopes: dict[str, str] = {}


def register(prefix: str, reader: Reader, *, scope: str = "") -> None:
    """Register who may read the streams `<prefix>:<key>`. Called once per prefix, from an app's `ready()`.

    `scope` is what an API token must have for them; without one they are for signed-in people alone.
    """
    if prefix in _readers:
        raise ValueError(f"the stream prefix {prefix!r} is registered already")
    _readers[prefix] = reader
    _scopes[prefix] = scope


def may_read(user: Any, name: str) -> bool:
    """Whether the user may read the stream; False for one that cannot exist."""
    prefix, _, key = name.partition(":")
    reader = _readers.get(prefix)
    if reader is None or (key.isdigit() and key.startswith("0")):
        return False  # `room:07` is not `room:7`, though a reader may take the one key for the other
    return reader(user, key)


def scope_of(name: str) -> str:
    """The scope that an API token needs to read the stream; empty where none is enough."""
    return _scopes.get(name.partition(":")[0], "")


def revoke(*, user_id: int, stream: str) -> None:
    """End the person's open subscriptions of the stream on every server, after the caller's commit.

    Call it in the transaction that takes the right away; it goes through the log, so a lost message delays it by
    seconds and does not lose it.
    """
    append(CONTROL_STREAM, [("revoked", {"user": user_id, "stream": stream})])
