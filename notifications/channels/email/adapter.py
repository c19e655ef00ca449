"""E-mail by Django's backend of the settings: SMTP, a file mailbox, or a provider's."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives, get_connection

from notifications.channels.base import Message, PermanentFailure, ProviderDown, Sender, TemporaryFailure
from notifications.channels.http_status import failure_of
from notifications.models import Contact

CONNECTION_ERRORS = (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, smtplib.SMTPHeloError, OSError)


class EmailSender:
    """One connection to the mail server; made anew where the server hangs up between two messages."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def send(self, message: Message) -> str:
        """Send one message; its Message-ID is the same at every try, so that a mail store can tell a repeat."""
        message_id = f"<{message.idempotency_key}@{urlsplit(settings.PUBLIC_URL).hostname}>"
        headers = {"Message-ID": message_id, "Auto-Submitted": "auto-generated"}
        if message.unsubscribe_url:
            # RFC 8058: the mail program may post to it at one click, without asking further.
            headers["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail = EmailMultiAlternatives(
            subject=message.subject,
            body=message.body,
            to=[message.to],
            headers=headers,
            connection=self._connection,
        )
        if message.html:
            mail.attach_alternative(message.html, "text/html")
        for file in message.attachments:
            mail.attach(file.filename, file.content, file.mimetype)
        session = getattr(self._connection, "session", None)
        if session is not None:  # a provider's API: those who honour such a key (Resend, Brevo) send a repeat once
            session.headers["Idempotency-Key"] = message.idempotency_key
        try:
            self._connection.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = next(iter(refused.recipients.values()))
            raise _refusal(code, text) from refused
        except smtplib.SMTPAuthenticationError as error:
            raise ProviderDown(_words(error.smtp_error), code=str(error.smtp_code)) from error
        except AnymailError as error:
            raise _api_refusal(error) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            if error.smtp_code == 421:
                self._hang_up()
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except CONNECTION_ERRORS as error:
            self._hang_up()
            raise ProviderDown(f"the mail server went away: {error}", code="connection") from error
        answered = getattr(mail, "anymail_status", None)
        return str(answered.message_id) if answered is not None and answered.message_id else message_id

    def _hang_up(self) -> None:
        with suppress(Exception):  # what is broken already need not be said goodbye to
            self._connection.close()


def _refusal(code: int, text: bytes | str) -> TemporaryFailure | PermanentFailure:
    """RFC 5321 section 4.2.1: 4yz is worth another try, 5yz is not; 421 closes the door to everyone."""
    if code == 421:
        return ProviderDown(_words(text), code=str(code))
    if 500 <= code < 600:
        return PermanentFailure(_words(text), code=str(code))
    return TemporaryFailure(_words(text), code=str(code))


def _api_refusal(error: AnymailError) -> TemporaryFailure | PermanentFailure:
    """What a provider's API said, where a setting chose one of django-anymail's backends."""
    answer = getattr(error, "response", None)
    if isinstance(error, AnymailRecipientsRefused):
        return PermanentFailure(str(error)[:300], code="refused")
    if answer is None:
        return ProviderDown(str(error)[:300], code="connection")
    return failure_of(answer.status_code, str(error)[:300], answer.headers.get("Retry-After", ""))


def _words(text: bytes | str) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text


class EmailChannel:
    """E-mail to the address on the user."""

    name = "email"
    label = "E-mail"

    def address_of(self, user: User, contact: Contact) -> str:
        return user.email

    @contextmanager
    def open(self) -> Iterator[Sender]:
        connection = get_connection()
        try:
            connection.open()
        except smtplib.SMTPAuthenticationError as error:
            raise ProviderDown(_words(error.smtp_error), code=str(error.smtp_code)) from error
        except (smtplib.SMTPException, OSError) as error:
            raise ProviderDown(f"the mail server is away: {error}", code="connection") from error
        sender = EmailSender(connection)
        try:
            yield sender
        finally:
            sender._hang_up()
