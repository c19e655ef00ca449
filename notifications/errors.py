"""Errors that are answers: what a service raises when it refuses a request."""

import sqlite3
from typing import Any

from django.db import InterfaceError, OperationalError


class AppError(Exception):
    """Base of every app's own error base: a refusal in words and in a machine code.

    `code` is stable and lower_snake_case; `status` is the HTTP status that views answer with;
    `details` go to API and socket clients as they are.
    """

    code = "error"
    status = 400
    message = "That did not work."

    def __init__(self, message: str | None = None, **details: Any) -> None:
        super().__init__(message or self.message)
        self.details = details

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "message": str(self), **self.details}


class Unavailable(AppError):
    """The database is away, has no connection to give, or is locked for too long: see `is_unavailable`."""

    code = "unavailable"
    status = 503
    message = "The database does not answer. Try again in a few seconds."
    retry_after_seconds = 5


def is_unavailable(error: BaseException | None) -> bool:
    """Whether the same request may well succeed later: the fault is the database's, or a wait that was too long."""
    if isinstance(error, OperationalError):
        # SQLite calls a missing table operational too; its other codes tell of locks, disks and files.
        return getattr(error.__cause__, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
    return isinstance(error, InterfaceError | TimeoutError)


class NotificationsError(AppError):
    """Base of the refusals of `notifications`."""


class UnknownStream(NotificationsError):
    """The stream does not exist or may not be read: the two answer alike."""

    code = "unknown_stream"
    status = 404
    message = "There is no such stream."


class UnknownNotification(NotificationsError):
    """No such notification in this person's inbox."""

    code = "unknown_notification"
    status = 404
    message = "There is no such notification."


class UnknownPhone(NotificationsError):
    """A phone that is not the person's own."""

    code = "unknown_phone"
    status = 404
    message = "There is no such phone."


class UnknownWebhook(NotificationsError):
    """A webhook that is not the person's own."""

    code = "unknown_webhook"
    status = 404
    message = "There is no such webhook."


class UnknownAudience(NotificationsError):
    """Nobody has registered such an audience, or what it stood for is gone."""

    code = "unknown_audience"
    status = 404
    message = "There is no such audience."


class UnusableUrl(NotificationsError):
    """A URL to which nothing is posted."""

    code = "unusable_url"
    message = "This URL cannot be used."


class TooManyWebhooks(NotificationsError):
    """The person has as many webhooks as one may have."""

    code = "too_many_webhooks"
    status = 409
    message = "You have ten webhooks already: remove one first."


class UnusablePhone(NotificationsError):
    """Not a number that exists."""

    code = "unusable_phone"
    message = "This is not a phone number. Write it with its country, such as +91 70102 33311."


class PhoneTaken(NotificationsError):
    """Someone else has that number."""

    code = "phone_taken"
    status = 409
    message = "This number belongs to another account."


class NoEmail(NotificationsError):
    """A code for an e-mail address, to someone who has none."""

    code = "no_email"
    message = "You have no e-mail address here yet: add one first."


class EmailTaken(NotificationsError):
    """Someone else has proved that address theirs."""

    code = "email_taken"
    status = 409
    message = "This address belongs to another account."


class TooSoon(NotificationsError):
    """A code was sent moments ago."""

    code = "too_soon"
    status = 429
    message = "A code was sent moments ago: wait half a minute for the next."


class WrongCode(NotificationsError):
    """Wrong, too old, or tried too often."""

    code = "wrong_code"
    message = "This code is wrong or too old. Ask for a new one."


class UnusableDevice(NotificationsError):
    """A browser's subscription that nothing can be pushed to."""

    code = "unusable_device"
    message = "This browser's subscription cannot be used."


class UnknownPerson(NotificationsError):
    """The account that a link was made for is gone."""

    code = "unknown_person"
    status = 404
    message = "This account is gone."
