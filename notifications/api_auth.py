"""Bearer tokens with scopes for the API: django-oauth-toolkit's (RFC 6750)."""

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
# where it is asked for.
_FIELDS = ("id", "username", "first_name", "last_name", "email", "is_active", "is_staff")
_FIND = """
    SELECT token.scope, person.id, username, first_name, last_name, email, is_active, is_staff
    FROM oauth2_provider_accesstoken AS token JOIN auth_user AS person ON person.id = token.user_id
    WHERE token.token_checksum = %s AND token.expires > %s AND token.application_id IS NULL AND is_active
"""


class TokenRefused(NotificationsError):
    code = "invalid_token"
    status = 401
    message = "Send a valid token: Authorization: Bearer …"


class InsufficientScope(NotificationsError):
    code = "insufficient_scope"
    status = 403
    message = "This token may not do that."


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
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(_FIND, [sha256(token.encode()).hexdigest(), now])
            found = cursor.fetchone()
        if found is None:
            raise TokenRefused
        scopes, *values = found
        if self._scope not in scopes.split():
            raise InsufficientScope(scope=self._scope)
        request.user = User.from_db(connection.alias, _FIELDS, values)
        return request.user
