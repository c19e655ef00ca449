"""A client of the live transports as a stranger would write it from docs/live.md, and things to listen to."""

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from websockets.sync.client import ClientConnection, connect

from chat.models import Membership, Room
from notifications import streams


def make_reader(username: str = "") -> User:
    return User.objects.create_user(username or f"reader-{uuid.uuid4().hex[:8]}", password="sesame-open-9")


def make_stream(*readers: User) -> str:
    """A stream of a private room, which its members alone may read."""
    name = uuid.uuid4().hex[:12]
    room = Room.objects.create(name=name, slug=name, kind=Room.Kind.PRIVATE)
    for reader in readers:
        Membership.objects.create(room=room, user=reader)
    return f"room:{room.pk}"


def append(stream: str, *numbers: int, size: int = 0) -> None:
    with transaction.atomic():
        streams.append(stream, [("tick", {"n": n, "fill": "x" * size}) for n in numbers])


def session_of(user: User) -> SessionStore:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session


def cookie_of(user: User) -> dict[str, str]:
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session_of(user).session_key}"}


class LiveClient:
    """One socket; answers and events are told apart as they come."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []
        self._ids = iter(range(1, 1_000_000))

    def call(self, method: str, **params: Any) -> Any:
        answer = self.ask(method, **params)
        assert "result" in answer, answer
        return answer["result"]

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The whole answer, be it a result or an error."""
        id_ = next(self._ids)
        self.socket.send(json.dumps({"jsonrpc": "2.0", "id": id_, "method": method, "params": params}))
        return self.answer_to(id_)

    def answer_to(self, id_: Any) -> dict[str, Any]:
        while True:
            message = self.receive()
            if message is not None and message.get("id", ...) == id_:
                return message

    def receive(self, seconds: float = 10) -> dict[str, Any] | None:
        """Take one message; None when it was the server's notification."""
        message = json.loads(self.socket.recv(timeout=seconds))
        if isinstance(message, dict) and message.get("method") == "events":
            self.events.extend(message["params"]["events"])
            return None
        if isinstance(message, dict) and "method" in message:
            self.notices.append(message)
            return None
        return message

    def numbers_until(self, count: int, seconds: float = 15) -> list[int]:
        """The `n` of the events seen, once there are `count` of them."""
        deadline = time.monotonic() + seconds
        while len(self.events) < count:
            self.receive(max(0.01, deadline - time.monotonic()))
        return [event["data"]["n"] for event in self.events]


@contextmanager
def live_client(ws_url: str, user: User | None, **options: Any) -> Iterator[LiveClient]:
    headers = cookie_of(user) if user else {}
    with connect(ws_url, additional_headers=headers, max_size=None, **options) as socket:
        yield LiveClient(socket)


def get(url: str, user: User | None = None, headers: dict[str, str] | None = None, body: bytes | None = None) -> Any:
    """(status, headers, body) of a request, whatever the status."""
    request = urllib.request.Request(url, data=body, headers={**(cookie_of(user) if user else {}), **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=40) as response:
            return response.status, _lower(response.headers), response.read()
    except urllib.error.HTTPError as error:
        return error.code, _lower(error.headers), error.read()


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
