"""Push: on the person's open pages first, then by Web Push on the browsers that they allowed it on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPException

from django.contrib.auth.models import User

from notifications.channels.base import Message, PermanentFailure, Sender, TemporaryFailure
from notifications.channels.push import vapid
from notifications.channels.retry_after import parse_retry_after
from notifications.models import Contact, PushDevice
from notifications.webhooks.guarded_http import RefusedAddress, post

INBOX = "inbox"
"""The address of a person's open pages, to which the outbox announces everything before a channel is asked."""

DEVICES = "devices"

KEPT_BY_SERVICE = timedelta(days=1)
"""How long a push service keeps it for a browser that is off (TTL, RFC 8030 section 5.2)."""

TIMEOUT_SECONDS = 10
BODY_CHARACTERS = 1000
"""A push service takes 4096 bytes (RFC 8030 section 7.2): this leaves room in any script."""


class PushChannel:
    """Push to the inbox, which everyone has, and to devices."""

    name = "push"
    label = "Push"

    def address_of(self, user: User, contact: Contact) -> str:
        return INBOX

    @contextmanager
    def open(self) -> Iterator[Sender]:
        yield PushSender()


class PushSender:
    """Sends to each of the person's browsers. A repeat replaces what it repeats: topic and tag are the same."""

    def send(self, message: Message) -> str:
        devices = list(PushDevice.objects.filter(user_id=message.user_id))
        content = json.dumps(
            {
                "title": message.subject,
                "body": message.body[:BODY_CHARACTERS],
                "url": message.url,
                "tag": message.idempotency_key,
            },
            ensure_ascii=False,
        ).encode()
        failures: list[TemporaryFailure | PermanentFailure] = []
        reached = 0
        for device in devices:
            failure = _send_to(device, content, f"d{message.delivery_id}")
            if failure is None:
                reached += 1
            elif failure.code in ("404", "410"):
                device.delete()  # the browser has taken its permission back (RFC 8030 section 7.3)
            else:
                failures.append(failure)
        waits = [failure for failure in failures if isinstance(failure, TemporaryFailure)]
        if not reached and waits:
            raise waits[0]
        return f"{reached} of {len(devices)} devices"


def _send_to(device: PushDevice, content: bytes, topic: str) -> TemporaryFailure | PermanentFailure | None:
    try:
        body = vapid.encrypt(content, public_key=device.public_key, auth_secret=device.auth_secret)
    except ValueError as error:
        return PermanentFailure(f"the browser's keys are of no use: {error}", code="410")
    headers = {
        **vapid.headers(device.endpoint),
        "TTL": str(int(KEPT_BY_SERVICE.total_seconds())),
        "Urgency": "normal",
        "Topic": topic,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
    }
    try:
        answer = post(device.endpoint, body, headers, timeout_seconds=TIMEOUT_SECONDS)
    except RefusedAddress as refused:
        return PermanentFailure(str(refused), code="410")
    except (OSError, HTTPException) as error:
        return TemporaryFailure(f"no answer from the push service: {error}", code="connection")
    if 200 <= answer.status < 300:
        return None
    words, code = f"{answer.status} {answer.text[:200]}", str(answer.status)
    if answer.status == 429 or answer.status >= 500:
        return TemporaryFailure(words, code=code, retry_after=parse_retry_after(answer.retry_after))
    return PermanentFailure(words, code=code)
