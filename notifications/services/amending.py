"""Saying otherwise what was told, where the words were taken back by those who wrote them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction

from notifications import kinds, streams
from notifications.models import Contact, Delivery, Event, Notification
from notifications.outbox.announcing import inbox_stream
from notifications.rendering import headline, render

Data = dict[str, Any]
Change = Callable[[Notification], Data]


@transaction.atomic
def amend(notifications: Iterable[Notification], change: Change) -> int:
    """Give notifications other data, in the caller's transaction; returns how many that changed.

    The inbox and what is still to be sent say it the new way at once, and so do the record of what was sent and the
    past of the inboxes' streams. What has left the house already, such as an e-mail, cannot be called back.
    `change` answers a notification's new data. Each must have its `user` loaded.
    """
    changed = []
    for notification in notifications:
        data = change(notification)
        if data != notification.data:
            notification.data = data
            changed.append(notification)
    if not changed:
        return 0
    Notification.objects.bulk_update(changed, ["data"], batch_size=200)
    by_id = {notification.pk: notification for notification in changed}
    _say_again(by_id)
    told = {pk: _told(notification) for pk, notification in by_id.items()}
    _rewrite_past(by_id, told)
    events: dict[str, list[tuple[str, Data]]] = defaultdict(list)
    for pk, notification in by_id.items():
        events[inbox_stream(notification.user_id)].append(("notification.changed", told[pk]))
    streams.append_many(events)
    return len(changed)


def _say_again(by_id: dict[int, Notification]) -> None:
    """Put the kept words of deliveries into what they would be now; a secret kind keeps none."""
    kept = list(Delivery.objects.filter(notification__in=by_id).exclude(subject="", body=""))
    for delivery in kept:
        notification = by_id[delivery.notification_id]
        kind = kinds.find(notification.kind)
        if kind is None:
            continue
        words = render(delivery.channel, kind, notification, _contact(notification))
        delivery.subject, delivery.body = words.subject[:300], "" if kind.secret else words.body
    Delivery.objects.bulk_update(kept, ["subject", "body"], batch_size=200)


def _rewrite_past(by_id: dict[int, Notification], told: dict[int, Data]) -> None:
    inboxes = {inbox_stream(notification.user_id) for notification in by_id.values()}
    since = min(notification.created_at for notification in by_id.values())
    past = Event.objects.filter(
        stream__name__in=inboxes, at__gte=since, type__startswith="notification.", data__id__in=list(by_id)
    )
    seqs: dict[str, list[int]] = defaultdict(list)
    for name, seq in past.values_list("stream__name", "seq"):
        seqs[name].append(seq)
    for name, of_stream in seqs.items():
        streams.redact(name, of_stream, lambda _type, data: {**data, **told[data["id"]]})


def _told(notification: Notification) -> Data:
    words = headline(notification, _contact(notification))
    return {"id": notification.pk, "title": words.subject, "text": words.body}


def _contact(notification: Notification) -> Contact:
    return getattr(notification.user, "contact", None) or Contact(user=notification.user)
