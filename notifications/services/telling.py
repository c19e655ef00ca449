"""The door for telling people things."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from notifications import kinds, streams
from notifications.models import Contact, Delivery, Notification
from notifications.outbox import claims
from notifications.outbox.announcing import inbox_stream
from notifications.outbox.wakeups import wake_workers
from notifications.outbox.writing import Notice, write_notices

# One round trip, and no savepoint: the same key makes no second row, also while the first is not yet committed.
_INSERT_ONCE = """
    INSERT INTO notifications_notification ("user_id", "kind", "key", "data", "url", "created_at")
    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT ("user_id", "kind", "key") DO NOTHING RETURNING id
"""

MANY_AT_ONCE = 1000
"""People in one statement: SQLite takes so many values at a time."""


def notify(
    *,
    user: User,
    kind: str,
    key: str,
    data: dict[str, Any],
    url: str = "",
    only: Sequence[str] | None = None,
) -> Notification:
    """Tell the person once: writes the notification and one delivery per channel in the caller's transaction.

    The channels are the kind's, or those of them in `only`.

    `key` is unique per person and kind: the same key again answers the first notification and sends nothing. Push is
    always among the deliveries, because it carries the news to the person's open pages. Whether a channel is wanted,
    and where it leads, is decided when it is sent.

    Raises:
        UnregisteredKind: no app has registered the kind.
    """
    channels = _channels(kind, only)
    now = timezone.now()
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            created_at = connection.ops.adapt_datetimefield_value(now)
            cursor.execute(_INSERT_ONCE, [user.pk, kind, key, json.dumps(data), url, created_at])
            row = cursor.fetchone()
        if row is None:
            return Notification.objects.get(user=user, kind=kind, key=key)
        notification = Notification(
            id=row[0], user=user, kind=kind, key=key, data=data, url=url, created_at=now, read_at=None
        )
        notification._state.adding = False
        notification._state.db = connection.alias
        deliveries = Delivery.objects.bulk_create(
            Delivery(notification=notification, channel=channel, due_at=now) for channel in channels
        )
    for delivery in deliveries:
        wake_workers(delivery.channel, [delivery.pk])
    return notification


def notify_many(*, users: Iterable[User], kind: str, key: str, data: dict[str, Any], url: str = "") -> int:
    """Tell many people the same thing, each once; returns how many had not been told before.

    Written in a few statements per thousand people, in the caller's transaction; who was told under that key already
    is passed over, so that a second run after a crash tells the rest.

    Raises:
        UnregisteredKind: no app has registered the kind.
    """
    channels = _channels(kind)
    told = 0
    waking: dict[str, list[int]] = {channel: [] for channel in channels}
    with transaction.atomic(savepoint=False):
        for some in batched(users, MANY_AT_ONCE):
            now = timezone.now()
            same = Notification.objects.filter(kind=kind, key=key, user__in=some)
            before = set(same.values_list("user_id", flat=True))
            Notification.objects.bulk_create(
                (
                    Notification(user=user, kind=kind, key=key, data=data, url=url, created_at=now)
                    for user in some
                    if user.pk not in before
                ),
                ignore_conflicts=True,
            )
            fresh = same.exclude(user_id__in=before).filter(deliveries__isnull=True).values_list("pk", flat=True)
            deliveries = Delivery.objects.bulk_create(
                Delivery(notification_id=pk, channel=channel, due_at=now) for channel in channels for pk in fresh
            )
            told += len(fresh)
            for delivery in deliveries:
                waking[delivery.channel].append(delivery.pk)
    for channel, ids in waking.items():
        if ids:
            wake_workers(channel, ids)
    return told


def send_test(*, user: User, channel: str, key: str) -> Notification:
    """Send a test message to the person by that channel, or by every one where it is ""."""
    only = [channel] if channel else None
    return notify(user=user, kind="test_message", key=key, data={}, url=reverse("notifications:inbox"), only=only)


def notify_each(notices: Sequence[Notice]) -> int:
    """Tell people different things, each once, in two statements; returns how many had not been told before.

    Raises:
        UnregisteredKind: no app has registered one of the kinds.
    """
    channels = {kind: _channels(kind) for kind in {notice.kind for notice in notices}}
    if not notices:
        return 0
    with transaction.atomic(savepoint=False):
        return write_notices(notices, channels, timezone.now())


def _channels(kind: str, only: Sequence[str] | None = None) -> tuple[str, ...]:
    ways = kinds.get(kind).channels
    return tuple(dict.fromkeys((*(way for way in ways if only is None or way in only), "push")))


def batched(users: Iterable[User], size: int) -> Iterator[list[User]]:
    """The people in lists of at most `size`."""
    waiting = iter(users)
    while some := list(islice(waiting, size)):
        yield some


@transaction.atomic
def mark_read(*, user: User, notification_ids: Sequence[int]) -> int:
    """Mark those of the person's notifications read; returns how many were not. Their other open pages hear of it."""
    unread = Notification.objects.filter(user=user, pk__in=notification_ids, read_at__isnull=True)
    return _settle_unread(user, unread)


@transaction.atomic
def mark_all_read(*, user: User) -> int:
    """Mark all of the person's notifications read; returns how many were not."""
    return _settle_unread(user, Notification.objects.filter(user=user, read_at__isnull=True))


def _settle_unread(user: User, unread: QuerySet[Notification]) -> int:
    count = unread.update(read_at=timezone.now())
    if count:
        streams.append(inbox_stream(user.pk), [("inbox.read", {"count": count})])
    return count


def set_time_zone(*, user: User, time_zone: str) -> None:
    """Times are told to the person in this zone, an IANA name that the caller has checked."""
    Contact.objects.update_or_create(user=user, defaults={"time_zone": time_zone})


def replay_deliveries(*, delivery_ids: Sequence[int]) -> int:
    """Have dead or suppressed deliveries tried afresh; returns how many there were."""
    with transaction.atomic():
        reopened = claims.reopen(delivery_ids)
        by_channel: dict[str, list[int]] = {}
        for pk, channel in Delivery.objects.filter(pk__in=reopened).values_list("pk", "channel"):
            by_channel.setdefault(channel, []).append(pk)
    for channel, ids in by_channel.items():
        wake_workers(channel, ids)
    return len(reopened)
