"""Who is behind a connection: the session cookie or the API token of a scope, read outside of any request."""

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from notifications.api_auth import find_token
from notifications.streams.threads import in_thread


@dataclass(frozen=True, slots=True)
class Visitor:
    """A user (perhaps anonymous) and the session, or the token, that proves it."""

    user: Any
    session_key: str
    token_id: int | None = None
    scopes: frozenset[str] = frozenset()
    """Of the token."""

    @property
    def is_signed_in(self) -> bool:
        return bool(self.user.is_authenticated)


async def visitor_of(scope: dict[str, Any]) -> Visitor:
    """Load the visitor by the scope's session cookie; anonymous without a valid one."""
    return await in_thread(_load, _session_key(scope))


async def caller_of(scope: dict[str, Any]) -> Visitor:
    """As `visitor_of`, and for programs by `Authorization: Bearer …`. Raises TokenRefused."""
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return await in_thread(_load_token, value[7:].strip())
    return await visitor_of(scope)


def _session_key(scope: dict[str, Any]) -> str:
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                morsel = SimpleCookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
            except CookieError:
                continue
            if morsel:
                return morsel.value
    return ""


def _load(session_key: str) -> Visitor:
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key or None)
    # get_user() wants no more of a request than its session, and checks the password's hash with it.
    user = get_user(cast(HttpRequest, SimpleNamespace(session=store)))
    return Visitor(user, session_key)


def _load_token(text: bytes) -> Visitor:
    token = find_token(text)
    return Visitor(token.user, "", token.id, token.scopes)
