"""The page's one socket: JSON-RPC calls in, answers and the events of many streams out."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, ParamSpec, TypeVar

from channels.consumer import AsyncConsumer
from django.conf import settings

from notifications.errors import UnknownStream
from notifications.streams import may_read
from notifications.streams import rpc as jsonrpc
from notifications.streams.connections import Reason, connections
from notifications.streams.encoding import Batch, dumps
from notifications.streams.hub import current_hub
from notifications.streams.origin import is_foreign
from notifications.streams.outlet import BACKLOG_BYTES, outlet_for
from notifications.streams.rpc import InvalidParams, RateLimit, RpcError, rpc
from notifications.streams.session import Visitor, visitor_of
from notifications.streams.threads import in_thread

__all__ = ["InvalidParams", "StreamConsumer", "rpc"]

logger = logging.getLogger(__name__)

MAX_FRAME_BYTES = 64 * 1024
MAX_STREAMS = 200
MAX_CALLS_IN_FLIGHT = 100
HISTORY_PATIENCE_SECONDS = 30
"""How long a client may take to read 256 KiB of history."""
PATIENCE_SECONDS = 1.0
"""How long a client has to answer the close frame before the line is cut."""
SLOW_PATIENCE_SECONDS = 10.0
"""The same for one that is too slow: the frame waits behind what it has not read, and says why it is closed."""

WAITS_FOR_NOTHING = {"ping", "streams.ack"}
"""Calls that are answered before the next is read."""

CALLS_PER_SECOND = 100
CALLS_BURST = 400

# Close codes: RFC 6455's, and ours from 4000 on. docs/live.md explains them to whoever writes a client.
TOO_BIG = 1009
RESTARTING = 1012
SIGN_IN = 4001
TOO_SLOW = 4008

P = ParamSpec("P")
R = TypeVar("R")


class StreamConsumer(AsyncConsumer):
    """One socket per page, many streams: `streams.subscribe`, `streams.unsubscribe`, `streams.ack`, `ping`.

    Subclasses add methods with `@rpc("name")`. Calls of one connection start in the order in which they came
    and may overlap; each is answered when it is done.
    """

    rpc_methods: ClassVar[dict[str, str]] = {}
    user: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.rpc_methods = jsonrpc.methods_of(cls)

    # Neither a channel of its own in Redis nor a thread per event: the hub delivers, so Channels' dispatch,
    # which asks the channel layer for a name and closes old database connections each time, is not used.
    async def __call__(self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        self.scope = scope
        self.base_send = send
        await receive()  # websocket.connect
        if is_foreign(scope):
            await self.send({"type": "websocket.close"})  # before the accept: HTTP 403
            return
        await self.send({"type": "websocket.accept"})
        visitor = await visitor_of(scope)
        if not visitor.is_signed_in:
            await self.send({"type": "websocket.close", "code": SIGN_IN})
            return
        self.outlet = outlet_for(send)
        self.begin(visitor)
        connections().add(self)
        try:
            await self.opened()
            await self._serve(receive)
        finally:
            self.is_closing = True
            connections().discard(self)
            self.end_subscriptions()
            self.outlet.drop_waiting()
            await self.closed()

    def begin(self, visitor: Visitor, rate: RateLimit | None = None) -> None:
        """Set up the state of a connection, or of a single POST, whose sender's rate is counted over many."""
        self.visitor = visitor
        self.user = visitor.user
        self.is_closing = False
        self._subscriptions: dict[str, Subscription] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._rate = rate or new_rate_limit()

    async def opened(self) -> None:
        """For subclasses: the person is known, no call has been taken yet."""

    async def closed(self) -> None:
        """For subclasses: the connection is gone, no call will be taken any more."""

    async def in_thread(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run synchronous database work in a thread."""
        return await in_thread(function, *args, **kwargs)

    async def close(self, code: int) -> None:
        """Close with a code of RFC 6455 or docs/live.md; what waits is dropped, the client resumes from its cursor."""
        if not self.is_closing:
            self.is_closing = True
            patience = SLOW_PATIENCE_SECONDS if code == TOO_SLOW else PATIENCE_SECONDS
            await self.outlet.close(code, patience_seconds=patience)

    def notify_client(self, method: str, params: dict[str, Any]) -> None:
        """Send a JSON-RPC notification of the server."""
        self.write_text(dumps({"jsonrpc": "2.0", "method": method, "params": params}))

    def write_text(self, payload: bytes) -> None:
        if not self.is_closing and not self.outlet.write_text(payload):
            self.close_if_slow()

    def close_if_slow(self) -> None:
        """Close a client that does not take what it is sent."""
        if not self.is_closing and self.outlet.backlog_bytes > BACKLOG_BYTES:
            self._spawn(self.close(TOO_SLOW))

    # --- asked by the registry of connections ------------------------------------------------------------

    def end(self, reason: Reason) -> None:
        self._spawn(self.close(SIGN_IN if reason is Reason.SIGNED_OUT else RESTARTING))

    def revoke(self, stream: str) -> None:
        self.revoked(stream)
        if subscription := self._subscriptions.get(stream):
            subscription.is_revoked = True
            self._forget(subscription)
            self.notify_client("revoked", {"stream": stream})

    def revoked(self, stream: str) -> None:
        """For subclasses: forget what was remembered of the person's rights in this stream."""

    def check(self) -> None:
        """Close a client whose acknowledgements say that it is far behind, and one that reads nothing at all."""
        if self.outlet.backlog_bytes > 2 * BACKLOG_BYTES:
            self.outlet.abort()
        elif any(subscription.is_far_behind for subscription in self._subscriptions.values()):
            self._spawn(self.close(TOO_SLOW))

    # --- calls -----------------------------------------------------------------------------------------

    async def _serve(self, receive: Callable[[], Awaitable[Any]]) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            payload = message.get("text") or message.get("bytes") or ""
            if len(payload) > MAX_FRAME_BYTES:
                await self.close(TOO_BIG)
                continue
            await self._take(payload)

    async def _take(self, payload: str | bytes) -> None:
        calls = jsonrpc.parse(payload)
        if len(self._calls) >= MAX_CALLS_IN_FLIGHT:
            self.outlet.pause_reading()  # what it sends meanwhile waits with the client, not here
            while len(self._calls) >= MAX_CALLS_IN_FLIGHT:
                await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)
            self.outlet.resume_reading()
        if isinstance(calls, list):
            self._spawn(self._answer_batch(calls))
        elif isinstance(calls, jsonrpc.Call) and calls.method in WAITS_FOR_NOTHING:
            await self._answer(calls)  # a task costs more than the call
        else:
            self._spawn(self._answer(calls))

    async def answer_posted(self, calls: jsonrpc.Call | RpcError | list[jsonrpc.Call | RpcError]) -> bytes:
        """The answer to calls that came without a socket; empty when they want none."""
        return (await self._results_of(calls) if isinstance(calls, list) else await self._result_of(calls)) or b""

    async def _answer(self, call: jsonrpc.Call | RpcError) -> None:
        answer = await self._result_of(call)
        if answer is not None:
            self.write_text(answer)

    async def _answer_batch(self, calls: list[jsonrpc.Call | RpcError]) -> None:
        answer = await self._results_of(calls)
        if answer is not None:
            self.write_text(answer)

    async def _results_of(self, calls: list[jsonrpc.Call | RpcError]) -> bytes | None:
        answers = [answer for call in calls if (answer := await self._result_of(call)) is not None]
        return b"[%b]" % b",".join(answers) if answers else None

    async def _result_of(self, call: jsonrpc.Call | RpcError) -> bytes | None:
        wait = self._rate.take()
        if isinstance(call, RpcError):
            return jsonrpc.error(None, _too_many(wait) if wait else call)
        try:
            if wait:
                raise _too_many(wait)
            attribute = self.rpc_methods.get(call.method)
            if attribute is None:
                raise RpcError(jsonrpc.METHOD_NOT_FOUND, "unknown_method", f"There is no method {call.method!r}.")
            if not isinstance(call.params, dict):
                raise InvalidParams("Parameters are given by name, as an object.")
            value = await getattr(self, attribute)(call.params)
        except Exception as problem:
            answer = jsonrpc.error(call.id, problem)
            if b'"code":-32603' in answer:
                logger.exception("the call %s failed", call.method)
            return answer if call.wants_answer else None
        return jsonrpc.result(call.id, value) if call.wants_answer else None

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    # --- streams ---------------------------------------------------------------------------------------

    @rpc("ping")
    async def ping(self, params: dict[str, Any]) -> dict[str, Any]:
        return {}

    @rpc("server")
    async def server(self, params: dict[str, Any]) -> dict[str, Any]:
        """`{}` → `{region, server}`: who answers, for people to see."""
        return {"region": settings.REGION, "server": settings.SERVER_NAME}

    @rpc("streams.subscribe")
    async def subscribe(self, params: dict[str, Any]) -> dict[str, Any]:
        """`{stream, after?}` → `{seq}`: everything after `after` comes as `events`, or a `reset` before it."""
        stream, after = params.get("stream"), params.get("after")
        if not connections().holds(self):
            raise InvalidParams("a stream is followed on a socket, or by GET /streams/<name>/sse or /events")
        if not isinstance(stream, str) or not (after is None or (type(after) is int and after >= 0)):
            raise InvalidParams("stream is a name, after a whole number from 0 on")
        if old := self._subscriptions.pop(stream, None):
            old.end()
        if len(self._subscriptions) >= MAX_STREAMS:
            raise InvalidParams(f"one socket follows at most {MAX_STREAMS} streams")
        # Known before its right is looked up: one that is taken away meanwhile finds it.
        subscription = self._subscriptions[stream] = Subscription(self, stream)
        try:
            await connections().following.wait()
            if not await in_thread(may_read, self.user, stream) or subscription.is_revoked:
                raise UnknownStream()
            return {"stream": stream, "seq": await subscription.start(after)}
        except BaseException:
            self._forget(subscription)
            raise

    def end_subscriptions(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.end()

    def _forget(self, subscription: "Subscription") -> None:
        subscription.end()
        if self._subscriptions.get(subscription.stream) is subscription:
            del self._subscriptions[subscription.stream]

    @rpc("streams.unsubscribe")
    async def unsubscribe(self, params: dict[str, Any]) -> dict[str, Any]:
        """`{stream}` → `{}`, whether it was subscribed or not."""
        if subscription := self._subscriptions.pop(str(params.get("stream")), None):
            subscription.end()
        return {}

    @rpc("streams.ack")
    async def acknowledge(self, params: dict[str, Any]) -> dict[str, Any]:
        """`{seqs: {stream: seq}}`: the newest event seen of each stream."""
        seqs = params.get("seqs")
        if not isinstance(seqs, dict) or not all(type(seq) is int for seq in seqs.values()):
            raise InvalidParams("seqs maps streams to the newest number seen")
        for stream, seq in seqs.items():
            if subscription := self._subscriptions.get(stream):
                subscription.acknowledge(seq)
        return {}


def new_rate_limit() -> RateLimit:
    return RateLimit(per_second=CALLS_PER_SECOND, burst=CALLS_BURST)


def _too_many(wait: float) -> RpcError:
    return RpcError(jsonrpc.TOO_MANY_CALLS, "rate_limited", "Too many calls; wait a little.", retry_after=wait)


class Subscription:
    """One stream of one socket; the hub delivers straight to the socket's outlet."""

    __slots__ = ("_consumer", "_hub", "_is_over", "_write", "acknowledged", "direct", "is_revoked", "stream")

    def __init__(self, consumer: StreamConsumer, stream: str) -> None:
        self.stream = stream
        self.acknowledged: int | None = None  # until all history is handed out, at the pace at which it is read
        self.is_revoked = False
        self._is_over = False
        self._consumer = consumer
        self._write = consumer.outlet.write
        self.direct = consumer.outlet.direct
        self._hub = current_hub()

    async def start(self, after: int | None) -> int:
        seq = await self._hub.subscribe(self.stream, after, self)
        if self._is_over:  # while it was being started
            self._hub.unsubscribe(self.stream, self)
        else:
            self.acknowledged = seq
        return seq

    def acknowledge(self, seq: int) -> None:
        if self.acknowledged is not None:
            self.acknowledged = max(self.acknowledged, seq)

    @property
    def is_far_behind(self) -> bool:
        return self.acknowledged is not None and self._hub.is_far_behind(self.stream, self.acknowledged)

    def deliver(self, batch: Batch) -> None:
        if not self._is_over and not self._write(batch):
            self._consumer.close_if_slow()

    def reset(self, last_seq: int) -> None:
        if not self._is_over:
            self._consumer.notify_client("reset", {"stream": self.stream, "seq": last_seq})

    async def ready(self) -> bool:
        consumer = self._consumer
        try:
            async with asyncio.timeout(HISTORY_PATIENCE_SECONDS):
                await consumer.outlet.drained()
        except TimeoutError:
            await consumer.close(TOO_SLOW)
        return not (consumer.is_closing or self._is_over)

    def end(self) -> None:
        self._is_over = True
        self._hub.unsubscribe(self.stream, self)
