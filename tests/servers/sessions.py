"""A signed-in person, without the walk through the login page."""

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore


def session_key(user: User) -> str:
    """The key of a new session of the user, as the login page would make it."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key or ""


def session_cookie(user: User) -> str:
    """The value of the header Cookie of a new session of the user."""
    return f"{settings.SESSION_COOKIE_NAME}={session_key(user)}"
