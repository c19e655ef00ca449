"""Push: on the person's open pages first, then by Web Push on the browsers that they allowed it on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPException
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.utils import timezone

from notifications.channels.base import Message, PermanentFailure, ProviderDown, Sender, TemporaryFailure
from notifications.channels.push import vapid
from notifications.channels.retry_after import parse_retry_after
from notifications.models import Contact, PushDevice
from notifications.outbox import breaker
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
    """Sends to each of the person's browsers. A repeat replaces what it repeats: topic and tag are the same.

    The browsers of a batch belong to several push services: each has a breaker of its own, so that one which is away
    holds up nobody else's.
    """

    def __init__(self) -> None:
        self._open_until: dict[str, datetime | None] = {}

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
            failure = self._send_by_its_service(device, content, f"d{message.delivery_id}")
            if failure is None:
                reached += 1
            elif failure.code in ("404", "410"):
                device.delete()  # the browser has taken its permission back (RFC 8030 section 7.3)
            else:
                failures.append(failure)
        waits = [failure for failure in failures if isinstance(failure, TemporaryFailure)]
        if not reached and waits:
            # Of this message alone: what is wrong with one service says nothing of the next person's.
            raise TemporaryFailure(str(waits[0]), code=waits[0].code, retry_after=waits[0].retry_after)
        return f"{reached} of {len(devices)} devices"

    def _send_by_its_service(
        self, device: PushDevice, content: bytes, topic: str
    ) -> TemporaryFailure | PermanentFailure | None:
        service = service_of(device.endpoint)
        if service not in self._open_until:
            self._open_until[service] = breaker.open_until(service)
        open_until = self._open_until[service]
        if open_until is not None and open_until > timezone.now():
            wait = open_until - timezone.now()
            return TemporaryFailure(f"{service} was away, it is asked again later", code="breaker", retry_after=wait)
        failure = _send_to(device, content, topic)
        if isinstance(failure, ProviderDown):
            self._open_until[service] = breaker.note_down(service, str(failure), retry_after=failure.retry_after)
        elif failure is None:
            breaker.note_up(service)
        return failure


def service_of(endpoint: str) -> str:
    """The name of the breaker of the push service behind a browser's endpoint."""
    return f"push {urlsplit(endpoint).netloc}"[:120]


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
        return ProviderDown(f"no answer from the push service: {error}", code="connection")
    if 200 <= answer.status < 300:
        return None
    words, code = f"{answer.status} {answer.text[:200]}", str(answer.status)
    wait = parse_retry_after(answer.retry_after)
    if answer.status in (429, 503):
        return ProviderDown(words, code=code, retry_after=wait)
    if answer.status in (408, 425) or answer.status >= 500:
        return TemporaryFailure(words, code=code, retry_after=wait)
    return PermanentFailure(words, code=code)
