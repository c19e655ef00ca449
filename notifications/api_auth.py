"""Bearer tokens with scopes for the API: django-oauth-toolkit's (RFC 6750)."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from notifications.errors import NotificationsError

# Every call asks this first. As a query of the ORM's it cost a third of a transfer's request, by way of the library's
# own check, which is made for every kind of OAuth request, more than half. What else there is of the person is loaded
# where it is asked for. The columns are in the model's order, as from_db() takes them for.
_LOADED = {"id", "username", "first_name", "last_name", "email", "is_staff", "is_active", "is_superuser"}
_FIELDS = [field.attname for field in User._meta.concrete_fields if field.attname in _LOADED]
_FIND = f"""
    SELECT token.id, token.scope, {", ".join(f"person.{name}" for name in _FIELDS)}
    FROM oauth2_provider_accesstoken AS token JOIN auth_user AS person ON person.id = token.user_id
    WHERE token.token_checksum = %s AND token.expires > %s AND token.application_id IS NULL AND person.is_active
"""  # noqa: S608  (names of columns)


@dataclass(frozen=True, slots=True)
class Token:
    """A token that is good now: whom it speaks for, and what it may."""

    id: int
    user: User
    scopes: frozenset[str]


class TokenRefused(NotificationsError):
    code = "invalid_token"
    status = 401
    message = "Send a valid token: Authorization: Bearer …"


class InsufficientScope(NotificationsError):
    code = "insufficient_scope"
    status = 403
    message = "This token may not do that."


def checksum_of(text: str | bytes) -> str:
    """What a token is known by: its text is not kept."""
    return sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()


def find_token(text: str | bytes) -> Token:
    """The token of that text. Raises TokenRefused."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [checksum_of(text), now])
        found = cursor.fetchone()
    if found is None:
        raise TokenRefused
    id_, scopes, *values = found
    return Token(id_, User.from_db(connection.alias, _FIELDS, values), frozenset(scopes.split()))


class Scope(HttpBearer):
    """`auth=Scope("wallet:read")`: the token's person becomes `request.user`."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self._scope = scope

    def __call__(self, request: HttpRequest) -> Any:
        found = super().__call__(request)
        if found is None:
            raise TokenRefused
        return found

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        found = find_token(token)
        if self._scope not in found.scopes:
            raise InsufficientScope(scope=self._scope)
        request.user = found.user
        return request.user
