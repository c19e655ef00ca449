"""Runs daphne with Chowk's application: `python -m config.server`, on HOST and PORT.

uvloop drives daphne's reactor (twice the frames per second), and protocol errors are answered with their close
codes; plain `daphne config.asgi:application` serves the same application without the two.
"""

import asyncio
import gc
import os
from contextlib import suppress
from typing import Any

import uvloop

# Twisted takes its event loop when daphne is imported, so this comes first.
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from daphne.endpoints import build_endpoint_description_strings  # noqa: E402
from daphne.server import Server  # noqa: E402
from django.urls import get_resolver  # noqa: E402
from twisted.internet import defer  # noqa: E402

from config.asgi import application  # noqa: E402
from notifications.streams import fanout  # noqa: E402
from notifications.streams.connections import connections  # noqa: E402
from notifications.streams.daphne import (  # noqa: E402
    cut_broken_responses,
    read_short_messages,
    remember_content_types,
)

MAX_FRAME_BYTES = 64 * 1024
CLOSE_HANDSHAKE_SECONDS = 20
"""How long a client may take to read the close frame, which tells it why, before its connection is dropped."""

DRAIN_SECONDS = 6
"""How long live connections and requests in flight have to end after SIGTERM."""


class ChowkServer(Server):
    """Daphne's server, which answers protocol errors with their close codes and lets go of its clients when told to
    stop: no new connections, then RESTARTING to the open ones, then the end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, ready_callable=self._configure_websockets, **kwargs)
        self._ports: list[Any] = []
        self._idle: asyncio.Event | None = None

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        self._ports.append(port)

    def kill_all_applications(self) -> defer.Deferred[Any]:
        """Called by the reactor before it stops."""
        draining = asyncio.get_event_loop().create_task(self._drain())
        return defer.Deferred.fromFuture(draining).addBoth(lambda _: super(ChowkServer, self).kill_all_applications())

    def _configure_websockets(self) -> None:
        # autobahn would drop the connection on an oversized frame or bad UTF-8; clients shall see 1009 and 1007.
        # The Origin, `null` too, is the application's to refuse.
        self.ws_factory.setProtocolOptions(
            failByDrop=False, closeHandshakeTimeout=CLOSE_HANDSHAKE_SECONDS, allowNullOrigin=True
        )
        read_short_messages(self.ws_factory)

    async def _drain(self) -> None:
        for port in self._ports:
            port.stopListening()
        self._idle = asyncio.Event()
        self._note_idle()
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await connections().drain()
                await self._idle.wait()

    def protocol_disconnected(self, protocol: Any) -> None:
        super().protocol_disconnected(protocol)
        self._note_idle()

    def _note_idle(self) -> None:
        """While draining: whether all requests are answered and all sockets' close frames were read."""
        if self._idle and all("disconnected" in details for details in self.connections.values()):
            self._idle.set()


def main() -> None:
    from django.conf import settings

    # What stays to the end (the code, its URLs) is not looked through for garbage again and again: 10 % of the time.
    get_resolver().url_patterns  # noqa: B018  (loads every view)
    remember_content_types()
    cut_broken_responses()
    fanout.prepare(settings.VAR_DIR / "compiled")
    gc.collect()
    gc.freeze()
    proxied = settings.BEHIND_PROXY
    ChowkServer(
        application,
        endpoints=build_endpoint_description_strings(host=settings.HOST, port=settings.PORT),
        ping_interval=settings.LIVE_PING_SECONDS,
        ping_timeout=settings.LIVE_PONG_SECONDS,
        websocket_timeout=-1,
        websocket_max_message_size=MAX_FRAME_BYTES,
        websocket_max_frame_size=MAX_FRAME_BYTES,
        proxy_forwarded_address_header="X-Forwarded-For" if proxied else None,
        proxy_forwarded_proto_header="X-Forwarded-Proto" if proxied else None,
        server_name="chowk",
    ).run()


if __name__ == "__main__":
    main()
