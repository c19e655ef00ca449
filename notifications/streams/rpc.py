"""JSON-RPC 2.0 (https://www.jsonrpc.org/specification) over a socket: parsing, answers, error codes, rate limit."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from notifications.errors import AppError
from notifications.streams.encoding import dumps

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
REFUSED = -32000
"""An app's refusal; `data.code` says which."""
TOO_MANY_CALLS = -32029
"""`data.retry_after` says in how many seconds to try again."""

BATCH_CALLS = 50
"""Calls in one JSON-RPC batch at most."""

Method = TypeVar("Method", bound=Callable[..., Any])


def rpc(name: str) -> Callable[[Method], Method]:
    """Mark an async method `(self, params: dict)` of a StreamConsumer as the JSON-RPC method `name`."""

    def mark(method: Method) -> Method:
        method.__rpc_name__ = name  # type: ignore[attr-defined]  # read by methods_of()
        return method

    return mark


def methods_of(cls: type) -> dict[str, str]:
    """The JSON-RPC methods of a class: RPC name → attribute name."""
    return {
        attribute.__rpc_name__: key
        for base in reversed(cls.__mro__)
        for key, attribute in vars(base).items()
        if hasattr(attribute, "__rpc_name__")
    }


class RpcError(Exception):
    """A JSON-RPC error as it goes to the client: its number, and in `data.code` its name."""

    def __init__(self, number: int, code: str, message: str, **data: Any) -> None:
        super().__init__(message)
        self.number = number
        self.data = {"code": code, **data}


class InvalidParams(RpcError):
    """The parameters are not of the method's form."""

    def __init__(self, message: str) -> None:
        super().__init__(INVALID_PARAMS, "invalid_params", message)


@dataclass(frozen=True, slots=True)
class Call:
    """One request; a notification has no `id` and gets no answer."""

    method: str
    params: dict[str, Any] | list[Any]
    """JSON-RPC knows positional parameters too; no method here takes any."""
    id: str | int | float | None
    wants_answer: bool


def parse(payload: str | bytes) -> Call | RpcError | list[Call | RpcError]:
    """The call of a frame, or a list for a batch, which is answered by one array, be it of one.

    What is no JSON or no request is an RpcError in its place.
    """
    try:
        message = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return RpcError(PARSE_ERROR, "parse_error", "That is not JSON.")
    if not isinstance(message, list):
        return _call(message)
    if not message or len(message) > BATCH_CALLS:
        return RpcError(INVALID_REQUEST, "invalid_request", f"A batch has 1 to {BATCH_CALLS} calls.")
    return [_call(item) for item in message]


def _call(item: Any) -> Call | RpcError:
    if not isinstance(item, dict) or item.get("jsonrpc") != "2.0" or not isinstance(item.get("method"), str):
        return RpcError(INVALID_REQUEST, "invalid_request", "That is not a JSON-RPC 2.0 request.")
    id_ = item.get("id")
    params = item.get("params", {})
    if isinstance(id_, bool) or not isinstance(id_, str | int | float | None):
        return RpcError(INVALID_REQUEST, "invalid_request", "An id is a string or a number.")
    if not isinstance(params, dict | list):
        return RpcError(INVALID_REQUEST, "invalid_request", "Parameters are an object.")
    return Call(item["method"], params, id_, "id" in item)


def result(id_: Any, value: Any) -> bytes:
    return dumps({"jsonrpc": "2.0", "id": id_, "result": value})


def error(id_: Any, problem: Exception) -> bytes:
    """The error answer for a refusal; anything unforeseen becomes an internal error without its words."""
    if isinstance(problem, RpcError):
        body = {"code": problem.number, "message": str(problem), "data": problem.data}
    elif isinstance(problem, AppError):
        number = INVALID_PARAMS if problem.code == "invalid_params" else REFUSED
        body = {"code": number, "message": str(problem), "data": problem.as_dict()}
    else:
        body = {"code": INTERNAL_ERROR, "message": "Something went wrong here.", "data": {"code": "internal_error"}}
    return dumps({"jsonrpc": "2.0", "id": id_, "error": body})


class RateLimit:
    """A token bucket: `burst` calls at once, `per_second` on the long run."""

    def __init__(self, *, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._tokens = self._burst
        self._at = time.monotonic()

    def take(self) -> float:
        """Take one token; the seconds to wait when there is none, else 0."""
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._per_second
