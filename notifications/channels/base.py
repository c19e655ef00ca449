"""What a channel is: it knows a person's address, opens a connection, and sends one message after another on it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from django.contrib.auth.models import User

from notifications.kinds import Attachment
from notifications.models import Contact


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery, ready to go out. `idempotency_key` is the same at every try of the same delivery."""

    delivery_id: int
    kind: str
    user_id: int
    to: str
    subject: str
    body: str
    html: str
    url: str
    unsubscribe_url: str = ""
    attachments: tuple[Attachment, ...] = ()

    @property
    def idempotency_key(self) -> str:
        return f"chowk-delivery-{self.delivery_id}"


class SendFailed(Exception):
    """The provider did not take the message. `code` is the provider's own, such as 451 or 429."""

    def __init__(self, text: str, *, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class TemporaryFailure(SendFailed):
    """Worth another try, after `retry_after` where the provider named a time."""

    def __init__(self, text: str, *, code: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(text, code=code)
        self.retry_after = retry_after


class ProviderDown(TemporaryFailure):
    """The provider takes nothing from us now (no connection, 429, wrong password): it is not about this message."""


class PermanentFailure(SendFailed):
    """The provider will never take this message: a wrong address, refused content."""


class Sender(Protocol):
    """An open connection to a provider."""

    def send(self, message: Message) -> str:
        """Send it and return the provider's name for it, perhaps empty.

        Raises:
            TemporaryFailure, ProviderDown, PermanentFailure
        """


class Channel(Protocol):
    """A way to reach people."""

    name: str
    label: str

    def address_of(self, user: User, contact: Contact) -> str:
        """Where the person is reached, or "" where they are not."""

    def open(self) -> AbstractContextManager[Sender]:
        """One connection for a batch. Raises ProviderDown."""
