"""The socket's calls by `POST /rpc/`, for pages that a proxy keeps from opening a WebSocket."""

from collections import OrderedDict

from notifications.consumers import MAX_FRAME_BYTES, StreamConsumer, new_rate_limit
from notifications.errors import AppError
from notifications.streams import rpc as jsonrpc
from notifications.streams.http import (
    BadRequest,
    ForeignOrigin,
    MethodNotAllowed,
    Receive,
    Scope,
    Send,
    answering,
    respond,
)
from notifications.streams.origin import is_foreign
from notifications.streams.rpc import RateLimit
from notifications.streams.session import visitor_of

MAX_RATES = 10_000
"""People whose rate of calls a server remembers: those who called last."""


class SignInRequired(AppError):
    code = "sign_in_required"
    status = 401
    message = "Sign in first."


class TooLarge(AppError):
    code = "too_large"
    status = 413
    message = f"A call has at most {MAX_FRAME_BYTES} bytes."


class PostedCalls:
    """Answers the JSON-RPC calls of a consumer class, those that need no lasting connection, one POST each.

    Only `application/json` is taken, which a page of another site cannot send without being asked first (CORS),
    and its Origin is refused: together they stand in for a CSRF token.
    """

    def __init__(self, consumer_class: type[StreamConsumer]) -> None:
        self._consumer_class = consumer_class
        self._rates: OrderedDict[int, RateLimit] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answering(self._answer)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            raise MethodNotAllowed(allow="POST")
        if is_foreign(scope):
            raise ForeignOrigin()
        content_type = dict(scope["headers"]).get(b"content-type", b"").partition(b";")[0].strip()
        if content_type != b"application/json":
            raise BadRequest("Send JSON, as application/json.")
        payload = await _body(receive)
        visitor = await visitor_of(scope)
        if not visitor.is_signed_in:
            raise SignInRequired()
        consumer = self._consumer_class()
        consumer.begin(visitor, self._rate_of(visitor.user.pk))
        answer = await consumer.answer_posted(jsonrpc.parse(payload))
        await respond(send, 200 if answer else 204, answer)

    def _rate_of(self, user_id: int) -> RateLimit:
        """What the person may still call by POST: counted by this server over all of their requests."""
        rate = self._rates.setdefault(user_id, new_rate_limit())
        self._rates.move_to_end(user_id)
        if len(self._rates) > MAX_RATES:
            self._rates.popitem(last=False)
        return rate


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_FRAME_BYTES:
            raise TooLarge()
        if not message.get("more_body"):
            return body
