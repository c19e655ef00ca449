"""Text messages: by an HTTP gateway, by any provider Apprise knows, or to the simulator's phones."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from django.conf import settings
from django.contrib.auth.models import User
from requests.utils import get_environ_proxies

from notifications.channels.base import Message, ProviderDown, Sender
from notifications.channels.http_status import failure_of
from notifications.channels.sms.simulator import SimulatorSender
from notifications.models import Contact

TIMEOUT_SECONDS = (5, 15)
"""To connect, and to answer."""


class SmsChannel:
    """SMS to the number on a person's contact."""

    name = "sms"
    label = "SMS"

    def address_of(self, user: User, contact: Contact) -> str:
        return contact.phone or ""

    @contextmanager
    def open(self) -> Iterator[Sender]:
        if settings.SMS_GATEWAY_URL:
            with requests.Session() as session:
                yield GatewaySender(session)
        elif settings.SMS_URL:
            yield AppriseSender()
        else:
            yield SimulatorSender()


class GatewaySender:
    """Posts `{"id", "to", "text"}` to one URL, with the idempotency key as header, on a connection that stays open."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session
        # Read once here rather than at every message.
        self._session.proxies = get_environ_proxies(settings.SMS_GATEWAY_URL)
        self._session.trust_env = False
        self._session.headers["Content-Type"] = "application/json"
        if settings.SMS_GATEWAY_TOKEN:
            self._session.headers["Authorization"] = f"Bearer {settings.SMS_GATEWAY_TOKEN}"

    def send(self, message: Message) -> str:
        content = {"id": message.idempotency_key, "to": message.to, "text": message.body}
        try:
            answer = self._session.post(
                settings.SMS_GATEWAY_URL,
                data=json.dumps(content).encode(),
                headers={"Idempotency-Key": message.idempotency_key},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise ProviderDown(f"no answer from the gateway: {type(error).__name__}", code="connection") from error
        if answer.ok and not answer.is_redirect:
            return answer.headers.get("X-Message-Id", "")
        raise failure_of(answer.status_code, answer.text[:200], answer.headers.get("Retry-After", ""))


class AppriseSender:
    """One of the providers of https://appriseit.com, such as `twilio://SID:token@from/{to}`."""

    def send(self, message: Message) -> str:
        import apprise  # heavy, and needed only where a provider is configured

        service = apprise.Apprise()
        if not service.add(settings.SMS_URL.replace("{to}", message.to)):
            raise ProviderDown("SMS_URL is not an address that Apprise knows", code="settings")
        with apprise.LogCapture(level=logging.WARNING) as log:
            if service.notify(body=message.body):
                return ""
            said = log.getvalue() if log is not None else ""
        # Apprise answers yes or no; the status stands in what it logs.
        status = re.search(r"error=(\d{3})", said)
        if status:
            raise failure_of(int(status.group(1)), said.strip().splitlines()[0][:200])
        raise ProviderDown(said.strip()[:200] or "the provider did not take it", code="apprise")
