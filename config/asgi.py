"""The ASGI application that daphne serves: pages, static files and the one WebSocket."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  (models load only after Django is set up)
from django.conf import settings  # noqa: E402
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from chat.consumers import ChatConsumer  # noqa: E402
from config import health  # noqa: E402
from config.handlers import OneThreadHandler, StaticFilesFirst  # noqa: E402
from notifications.streams.calls import PostedCalls  # noqa: E402
from notifications.streams.polling import poll  # noqa: E402
from notifications.streams.sse import server_sent_events  # noqa: E402


async def refuse_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """There is no WebSocket at this address: refused (403) before it opens."""
    await receive()
    await send({"type": "websocket.close"})


# Channels' router takes ASGI applications where Django's types ask for views.
no_socket: Any = refuse_socket
posted_calls: Any = PostedCalls(ChatConsumer)
django_application = OneThreadHandler()
pages: Any = ASGIStaticFilesHandler(django_application) if settings.DEBUG else StaticFilesFirst(django_application)

application = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [
                path("streams/<str:names>/events", poll),
                path("streams/<str:names>/sse", server_sent_events),
                path("rpc/", posted_calls),
                path("healthz", health.healthz),
                path("readyz", health.readyz),
                path("regions", health.regions),
                re_path("", pages),
            ]
        ),
        "websocket": URLRouter([path("ws/", ChatConsumer.as_asgi()), re_path("", no_socket)]),
    }
)
