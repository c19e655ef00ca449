"""Which pages may use a person's session on the live transports: those of this site alone."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings


def is_foreign(scope: dict[str, Any]) -> bool:
    """Whether a browser says that the connection comes from a page of another site (RFC 6455, 10.2).

    Programs send no Origin and are let in: no browser lends them a person's cookie.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    origin = headers.get(b"origin")
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return False
    return urlsplit(origin).netloc.lower() != headers.get(b"host", "").lower()
