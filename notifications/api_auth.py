"""Bearer tokens with scopes for the API, checked by django-oauth-toolkit (RFC 6750)."""

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer
from oauth2_provider.oauth2_backends import get_oauthlib_core

from notifications.errors import NotificationsError


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
        core = get_oauthlib_core()
        is_valid, checked = core.verify_request(request, scopes=[self._scope])
        if not is_valid and core.verify_request(request, scopes=[])[0]:
            raise InsufficientScope(scope=self._scope)
        if not is_valid or checked.user is None or not checked.user.is_active:
            raise TokenRefused
        request.user = checked.user
        return checked.user
