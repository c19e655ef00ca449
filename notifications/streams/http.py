"""Streams over plain HTTP, as ASGI applications outside of Django's handler, which would hold a thread for each
request that waits."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from notifications.api_auth import InsufficientScope, TokenRefused
from notifications.errors import AppError, Unavailable, UnknownStream, is_unavailable
from notifications.streams import may_read
from notifications.streams.connections import Connection, connections
from notifications.streams.encoding import dumps
from notifications.streams.origin import is_foreign
from notifications.streams.permissions import scope_of
from notifications.streams.session import Visitor, caller_of
from notifications.streams.threads import in_thread

logger = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

MAX_STREAMS = 20
"""Streams in one request at most; a page follows four or five."""


class BadRequest(AppError):
    """The request is not of the form that docs/live.md describes."""

    code = "bad_request"


class MethodNotAllowed(AppError):
    code = "method_not_allowed"
    status = 405
    message = "This address takes other methods."


class ForeignOrigin(AppError):
    code = "foreign_origin"
    status = 403
    message = "Pages of other sites cannot ask here."


class InternalError(AppError):
    code = "internal_error"
    status = 500
    message = "Something went wrong here."


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What a request asks for: streams, each with the number after which events are wanted (None: only new ones)."""

    visitor: Visitor
    cursors: dict[str, int | None]
    query: dict[str, str]
    headers: dict[str, str]

    @property
    def is_single(self) -> bool:
        return len(self.cursors) == 1


async def stream_request(scope: Scope) -> StreamRequest:
    """Parse `GET /streams/<name>[,<name>…]/…?after=N[,N…]`; Last-Event-ID goes before `after`. See `authorise`.

    Raises:
        MethodNotAllowed, BadRequest, ForeignOrigin: as named.
        TokenRefused, InsufficientScope: the API token is none, or has no right to such streams.
    """
    if scope["method"] != "GET":
        raise MethodNotAllowed(allow="GET")
    if is_foreign(scope):
        raise ForeignOrigin()
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    parsed = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    query = {name: values[-1] for name, values in parsed.items()}
    names = scope["url_route"]["kwargs"]["names"].split(",")
    if len(names) > MAX_STREAMS or len(set(names)) != len(names):
        raise BadRequest(f"Name 1 to {MAX_STREAMS} different streams.")
    cursors = dict(zip(names, _cursors(headers.get("last-event-id") or query.get("after"), len(names)), strict=True))
    visitor = await caller_of(scope)
    if visitor.token_id is not None:
        for wanted in map(scope_of, names):
            if wanted not in visitor.scopes:
                raise InsufficientScope(scope=wanted)
    return StreamRequest(visitor, cursors, query, headers)


async def authorise(request: StreamRequest, connection: Connection) -> None:
    """Raise UnknownStream where one of the streams does not exist or may not be read.

    The connection is among the `connections()` from then on, until it leaves them: a right that is taken away after
    the look is told to it.
    """
    connections().add(connection)
    await connections().following.wait()
    user = request.visitor.user
    if not await in_thread(lambda: all(may_read(user, name) for name in request.cursors)):
        raise UnknownStream()


def _cursors(text: str | None, count: int) -> list[int | None]:
    if text is None:
        return [None] * count
    parts = text.split(",")
    if len(parts) != count or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts):
        raise BadRequest("after is a whole number for each stream, in their order.")
    return [int(part) for part in parts]


async def respond(send: Send, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
    """Send a whole response; JSON, never cached, unless the headers say otherwise."""
    complete = {"content-type": "application/json", "cache-control": "no-store", **(headers or {})}
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode()) for name, value in complete.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})


def answering(application: Callable[[Scope, Receive, Send], Awaitable[None]]) -> Any:
    """Let an application raise before it has begun to respond: AppErrors are answers, anything else is a fault."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await application(scope, receive, send)
        except AppError as error:
            await _refuse(send, error)
        except Exception as fault:
            if is_unavailable(fault):
                logger.warning("live: %s is not answered (%s)", scope["path"], fault)
                await _refuse(send, Unavailable())
            else:
                logger.exception("live: %s failed", scope["path"])
                await _refuse(send, InternalError())

    return wrapped


async def _refuse(send: Send, error: AppError) -> None:
    headers = {"allow": error.details["allow"]} if "allow" in error.details else {}
    if isinstance(error, TokenRefused):
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, Unavailable):
        headers["retry-after"] = str(error.retry_after_seconds)
    await respond(send, error.status, dumps({"error": error.as_dict()}), headers)


async def disconnected(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
