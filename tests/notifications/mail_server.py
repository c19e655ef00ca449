"""A real SMTP server that misbehaves on command."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mail:
    recipients: list[str]
    message: EmailMessage


@dataclass
class _Handler:
    server: "MailServer"

    async def handle_EHLO(  # noqa: N802  (aiosmtpd calls it so)
        self, smtp: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.server.connection_count += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802  (aiosmtpd calls it so)
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self.server.replies.get(address)
        if reply == "hang up":
            cast(Any, smtp).transport.abort()
            return "421 bye"
        if reply is not None:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, smtp: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (as above)
        message = cast(EmailMessage, message_from_bytes(cast(bytes, envelope.content), policy=policy.default))
        self.server.mails.append(Mail(list(envelope.rcpt_tos), message))
        if self.server.on_mail is not None:
            self.server.on_mail(len(self.server.mails))
        return "250 OK"


@dataclass
class MailServer:
    """`mails` that arrived; `replies[address]` is answered to a recipient instead of 250, or "hang up".

    `on_mail(number)` is called with a mail already taken, before the sender hears so.
    """

    mails: list[Mail] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    connection_count: int = 0
    port: int = 0
    on_mail: Callable[[int], None] | None = None

    def __enter__(self) -> Self:
        with socket.socket() as free:
            free.bind(("127.0.0.1", self.port))
            self.port = free.getsockname()[1]
        self._controller = Controller(_Handler(self), hostname="127.0.0.1", port=self.port)
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._controller.stop()
