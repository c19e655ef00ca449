"""Who we are to a push service (VAPID, RFC 8292), and the encryption of what it carries (RFC 8291)."""

import base64
import binascii
import os
import threading
from contextlib import suppress
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from django.conf import settings
from py_vapid import Vapid02
from py_vapid.utils import b64urlencode

KEY_FILE = "vapid.pem"


@lru_cache(maxsize=1)
def _signer() -> Any:
    if settings.VAPID_PRIVATE_KEY:
        return Vapid02.from_string(settings.VAPID_PRIVATE_KEY)
    path = Path(settings.VAR_DIR) / KEY_FILE
    if not path.exists():
        made = Vapid02()
        made.generate_keys()
        # Two processes may come here at once: the first to link its file wins, and both read the same.
        mine = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        mine.touch(mode=0o600)
        mine.write_bytes(made.private_pem())
        with suppress(FileExistsError):
            path.hardlink_to(mine)
        mine.unlink()
    return Vapid02.from_file(str(path))


def public_key() -> str:
    """Our public key, as a browser wants it in `applicationServerKey`."""
    point = _signer().public_key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return str(b64urlencode(point))


def headers(endpoint: str) -> dict[str, str]:
    """The Authorization header for that push service."""
    parts = urlsplit(endpoint)
    subject = settings.VAPID_SUBJECT or f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"
    return dict(_signer().sign({"aud": f"{parts.scheme}://{parts.netloc}", "sub": subject}))


def encrypt(content: bytes, *, public_key: str, auth_secret: str) -> bytes:
    """Encrypt for one browser alone. Raises ValueError for keys that are none."""
    from pywebpush import WebPusher, WebPushException  # heavy, and needed only by those who push

    keys = {"p256dh": public_key, "auth": auth_secret}
    try:
        pusher = WebPusher({"endpoint": "https://push.invalid/", "keys": keys})
        return bytes(pusher.encode(content, content_encoding="aes128gcm")["body"])
    except (WebPushException, binascii.Error, IndexError) as error:
        raise ValueError(str(error)) from error


def are_usable_keys(*, public_key: str, auth_secret: str) -> bool:
    """Whether a browser's keys can be encrypted for."""
    try:
        if len(base64.urlsafe_b64decode(auth_secret + "==")) != 16:
            return False
        encrypt(b"?", public_key=public_key, auth_secret=auth_secret)
    except (ValueError, binascii.Error):
        return False
    return True
