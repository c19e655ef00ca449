"""Who is behind a connection: the session cookie or the API token of a scope, read outside of any request."""

from collections.abc import Iterable
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
from notifications.statements import execute_together
from notifications.streams.threads import in_thread

_IDS_PER_QUERY = 500  # SQLite takes at most 999 parameters where it is old


@dataclass(frozen=True, slots=True, eq=False)
class Visitor:
    """A user (perhaps anonymous) and the session, or the token, that proves it; one object for each connection."""

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
_GIVEN = {
    "postgresql": "json_to_recordset(%s::json) AS given(session text, account bigint, password text)",
    "sqlite": """(SELECT value->>'session' AS session, value->>'account' AS account, value->>'password' AS password
                  FROM json_each(%s)) AS given""",
}
_ENDED_SESSIONS = """
    SELECT given.session, given.account FROM {given}
    LEFT JOIN {sessions} AS held ON held.session_key = given.session AND held.expire_date > %s
    LEFT JOIN {users} AS person ON person.id = given.account AND person.is_active
        AND person.password = given.password
    WHERE held.session_key IS NULL OR person.id IS NULL
"""


def ended(visitors: Iterable[Visitor]) -> set[Visitor]:
    """Those whose session or token was ended or has expired, or whose password, or right to sign in, was changed."""
    people: list[Visitor] = []
    programs: list[Visitor] = []
    for visitor in visitors:
        (people if visitor.token_id is None else programs).append(visitor)
    return _signed_out(people) | _without_token(programs)


def _signed_out(people: list[Visitor]) -> set[Visitor]:
    if not people:
        return set()
    given = orjson.dumps(
        [{"session": v.session_key, "account": v.user.pk, "password": v.user.password} for v in people]
    )
    sql = _ENDED_SESSIONS.format(
        given=_GIVEN[connection.vendor], sessions=Session._meta.db_table, users=get_user_model()._meta.db_table
    )
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    [rows] = execute_together((sql, [given.decode(), now]))
    over = {(session, account) for session, account in rows}
    return {v for v in people if (v.session_key, v.user.pk) in over}


def _without_token(programs: list[Visitor]) -> set[Visitor]:
    ids = [v.token_id for v in programs]
    alive: set[int] = set()
    for start in range(0, len(ids), _IDS_PER_QUERY):
        tokens = AccessToken.objects.filter(pk__in=ids[start : start + _IDS_PER_QUERY], user__is_active=True)
        alive.update(tokens.filter(expires__gt=timezone.now()).values_list("pk", flat=True))
    return {v for v in programs if v.token_id not in alive}
