"""The news for a person's open pages, on the stream of their inbox."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from notifications import streams
from notifications.models import Contact, Delivery, Notification
from notifications.rendering import headline


def inbox_stream(user_id: int) -> str:
    return f"inbox:{user_id}"


@transaction.atomic
def announce(rows: Sequence[Delivery]) -> None:
    """Tell the inboxes of new notifications, each exactly once, in one transaction."""
    ids = [row.notification_id for row in rows]
    news = Notification.objects.select_for_update().filter(pk__in=ids, announced_at__isnull=True)
    fresh = set(news.values_list("pk", flat=True))
    events: dict[int, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for row in rows:
        if row.notification_id in fresh:
            events[row.notification.user_id].append(("notification.created", _told(row.notification)))
    Notification.objects.filter(pk__in=fresh).update(announced_at=timezone.now())
    _append(events)


@transaction.atomic
def tell_outcomes(rows: Sequence[Delivery]) -> None:
    """Tell the inboxes what became of deliveries."""
    events: dict[int, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for row in rows:
        data = {"notification_id": row.notification_id, "channel": row.channel, "state": row.state}
        events[row.notification.user_id].append(("delivery.changed", data))
    _append(events)


def _append(events: dict[int, list[tuple[str, dict[str, Any]]]]) -> None:
    streams.append_many({inbox_stream(user_id): told for user_id, told in events.items()})


def _told(notification: Notification) -> dict[str, Any]:
    contact = getattr(notification.user, "contact", None) or Contact(user=notification.user)
    words = headline(notification, contact)
    return {
        "id": notification.pk,
        "kind": notification.kind,
        "title": words.subject,
        "text": words.body,
        "url": notification.url,
    }
