"""The words of a notification on each channel, in the reader's language and time zone."""

import logging
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.template import Context, Template, TemplateDoesNotExist
from django.template.loader import select_template
from django.urls import reverse
from django.utils import timezone, translation

from notifications import kinds
from notifications.kinds import Attachment, Kind
from notifications.models import Contact, Notification

logger = logging.getLogger(__name__)

PLAIN_HTML = "notifications/notify/plain_email.html"
"""What a kind's e-mail looks like that has no HTML of its own: its text, in the frame."""

UNSUBSCRIBE_SALT = "notifications.unsubscribe"


@dataclass(frozen=True, slots=True)
class Words:
    """What a channel says: one line, a text, and perhaps the same as HTML."""

    subject: str
    body: str
    html: str = ""
    unsubscribe_url: str = ""


def render(channel: str, kind: Kind, notification: Notification, contact: Contact) -> Words:
    """The words of the notification on that channel.

    Raises:
        TemplateDoesNotExist: the kind's folder has not the file the channel needs.
    """
    context = {
        "user": notification.user,
        "data": notification.data,
        "url": absolute_url(notification.url),
        "kind": kind,
        "language": contact.language,
        "unsubscribe_url": unsubscribe_url(notification.user_id, kind, channel),
        "preferences_url": absolute_url(reverse("notifications:preferences")),
    }
    with _as_read_by(contact):
        subject = " ".join(_text(kind, "subject.txt", context).split())
        if channel == "email":
            text = _text(kind, "email.txt", context).strip() + "\n"
            html = _optional(kind, "email.html") or _template(PLAIN_HTML)
            words = {"subject": subject, "text": text}
            return Words(subject, text, html.render(Context(context | words)), str(context["unsubscribe_url"]))
        if channel == "sms":
            return Words(subject, _text(kind, "sms.txt", context).strip())
        short = _optional(kind, "push.txt")
        return Words(subject, _render_text(short, context).strip() if short is not None else "")


def render_sample(channel: str, kind: Kind, *, language: str) -> Words:
    """The words of the kind with its sample data, as someone who reads that language would get them."""
    reader = User(pk=0, username="asha", first_name="Asha", last_name="Rao")
    told = Notification(user=reader, kind=kind.name, data=dict(kind.sample), url="/inbox/")
    return render(channel, kind, told, Contact(user=reader, language=language))


def attachments_of(kind: Kind, notification: Notification, contact: Contact) -> tuple[Attachment, ...]:
    """The files that go with the notification's e-mail. Raises whatever the kind's own code does."""
    if kind.attachments is None:
        return ()
    with _as_read_by(contact):
        return tuple(kind.attachments(notification))


def headline(notification: Notification, contact: Contact) -> Words:
    """How the inbox shows it: always something, also where the kind is gone or its templates are broken."""
    kind = kinds.find(notification.kind)
    if kind is None:
        return Words(notification.kind.replace("_", " ").capitalize(), "")
    try:
        return render("push", kind, notification, contact)
    except Exception:  # a template is an app's own code: one broken kind must not close the inbox
        logger.exception("notification %s cannot be put into words", notification.pk)
        return Words(kind.label, "")


def unsubscribe_url(user_id: int, kind: Kind, channel: str) -> str:
    """Where whoever holds the message turns this kind off on this channel, without signing in; "" where one cannot."""
    if kind.security:
        return ""
    token = signing.dumps([user_id, kind.name, channel], salt=UNSUBSCRIBE_SALT)
    return absolute_url(reverse("notifications:unsubscribe", args=[token]))


def absolute_url(url: str) -> str:
    """The address that works from outside, such as in an e-mail."""
    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url


def _text(kind: Kind, name: str, context: dict[str, Any]) -> str:
    template = _optional(kind, name)
    if template is None:
        raise TemplateDoesNotExist(f"{kind.templates}/{name}")
    return _render_text(template, context)


def _render_text(template: Template, context: dict[str, Any]) -> str:
    return template.render(Context(context, autoescape=False))


def _optional(kind: Kind, name: str) -> Template | None:
    try:
        return _template(f"{kind.templates}/{translation.get_language()}/{name}", f"{kind.templates}/{name}")
    except TemplateDoesNotExist:
        return None


def _template(*names: str) -> Template:
    template: Template = select_template(list(names)).template
    return template


@contextmanager
def _as_read_by(contact: Contact) -> Iterator[None]:
    with timezone.override(zone_named(contact.time_zone)), translation.override(contact.language):
        yield


@lru_cache(maxsize=700)
def zone_named(name: str) -> zoneinfo.ZoneInfo:
    """The time zone of that name, or the installation's where there is none."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)
