"""Events as bytes, encoded once for all subscribers of all transports."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import orjson

from notifications.streams.log import LiveEvent


def dumps(value: Any) -> bytes:
    """JSON in UTF-8; datetimes as RFC 3339, anything else that JSON does not know as its text."""
    return orjson.dumps(value, default=str)


def encode(event: LiveEvent) -> bytes:
    """The envelope `{"seq", "type", "at", "data"}` on one line."""
    return dumps({"seq": event.seq, "type": event.type, "at": event.at, "data": event.data})


class Batch:
    """Consecutive events of one stream, with what each transport sends for them, made at most once."""

    def __init__(self, stream: str, first: int, events: Sequence[bytes]) -> None:
        self.stream = stream
        self.first = first
        self.events = events

    @property
    def last(self) -> int:
        return self.first + len(self.events) - 1

    @cached_property
    def notification(self) -> bytes:
        """The JSON-RPC notification `events` of the WebSocket."""
        return b'{"jsonrpc":"2.0","method":"events","params":{"stream":%b,"events":[%b]}}' % (
            dumps(self.stream),
            b",".join(self.events),
        )

    @cached_property
    def frame(self) -> bytes:
        """The notification as an unmasked WebSocket text frame (RFC 6455, 5.2)."""
        return text_frame(self.notification)

    @cached_property
    def server_sent(self) -> bytes:
        """The events in the format of Server-Sent Events, each with its number as `id`."""
        return b"".join(
            b"id: %d\ndata: %b\n\n" % (seq, event) for seq, event in enumerate(self.events, start=self.first)
        )


def text_frame(payload: bytes) -> bytes:
    """A whole unmasked WebSocket text frame around the payload (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload
