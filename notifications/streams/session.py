"""Who is behind a connection: the session cookie or the API token of a scope, read outside of any request."""

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

import orjson
from django.conf import settings
from django.contrib.auth import get_user, get_user_model
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from oauth2_provider.models import AccessToken

from notifications.api_auth import find_token
from notifications.streams.threads import in_thread

_IDS_PER_QUERY = 500  # SQLite takes at most 999 parameters where it is old


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


# One parameter and one statement, and only what has ended comes back: hundreds of parameters and rows would hold the
# interpreter's lock for tens of milliseconds, and everybody's messages with it.
_ENDED_SESSIONS = {
    "postgresql": """
        SELECT given->>'session', (given->>'user')::bigint FROM json_array_elements(%s::json) AS given
        WHERE NOT EXISTS (SELECT FROM {sessions} WHERE session_key = given->>'session' AND expire_date > %s)
           OR NOT EXISTS (SELECT FROM {users} WHERE id = (given->>'user')::bigint AND is_active
                                                AND password = given->>'password')
    """,
    "sqlite": """
        SELECT value->>'session', value->>'user' FROM json_each(%s)
        WHERE NOT EXISTS (SELECT 1 FROM {sessions} WHERE session_key = value->>'session' AND expire_date > %s)
           OR NOT EXISTS (SELECT 1 FROM {users} WHERE id = value->>'user' AND is_active
                                                AND password = value->>'password')
    """,
}


def ended(visitors: set[Visitor]) -> set[Visitor]:
    """Those whose session or token was ended or has expired, or whose password, or right to sign in, was changed."""
    programs = {v for v in visitors if v.token_id is not None}
    return _signed_out(visitors - programs) | _without_token(programs)


def _signed_out(people: set[Visitor]) -> set[Visitor]:
    if not people:
        return set()
    given = orjson.dumps([{"session": v.session_key, "user": v.user.pk, "password": v.user.password} for v in people])
    sql = _ENDED_SESSIONS[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(
            sql.format(sessions=Session._meta.db_table, users=get_user_model()._meta.db_table),
            [given.decode(), connection.ops.adapt_datetimefield_value(timezone.now())],
        )
        over = set(cursor.fetchall())
    return {v for v in people if (v.session_key, v.user.pk) in over}


def _without_token(programs: set[Visitor]) -> set[Visitor]:
    ids = [v.token_id for v in programs]
    alive: set[int] = set()
    for start in range(0, len(ids), _IDS_PER_QUERY):
        tokens = AccessToken.objects.filter(pk__in=ids[start : start + _IDS_PER_QUERY], user__is_active=True)
        alive.update(tokens.filter(expires__gt=timezone.now()).values_list("pk", flat=True))
    return {v for v in programs if v.token_id not in alive}
