"""The person behind a request of a view that asks for one."""

from typing import cast

from django.contrib.auth.models import User
from django.http import HttpRequest


def signed_in(request: HttpRequest) -> User:
    """The user of a view that is under `login_required`."""
    return cast(User, request.user)
