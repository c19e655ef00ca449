"""Whom a message speaks to, and how they hear of it."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from chat.models import Membership, Mention, Message, Room
from chat.rendering import Rendered, excerpt
from notifications.models import Notification
from notifications.services import amend, notify
from notifications.services import mark_read as mark_notifications_read

KIND = "chat_mention"
DIGEST_KIND = "chat_digest"
MOST_SETTLED = 200
"""Of one person's unread mentions, the newest that are looked through when they read."""
_KEY_START = "message:"


def mentionable(room_id: int, names: Iterable[str]) -> dict[str, int]:
    """Those of the names that a message in the room may call: its members, by username."""
    names = list(names)
    if not names:
        return {}
    rows = (
        Membership.objects.filter(room_id=room_id, user__username__in=names, user__is_active=True)
        .exclude(role=Membership.Role.BANNED)
        .values_list("user__username", "user_id")
    )
    return dict(rows)


def record_mentions(room: Room, messages: Sequence[tuple[Message, Rendered]]) -> None:
    """Remember whom new messages speak to; who is called by name, or answered, finds it in the inbox at once.

    Everyone of an @room is told by the clock, so that a large room does not hold up the sender. In direct messages
    the room itself shows what is new, so nothing goes to the inbox: only the digest tells who stays away.
    """
    everyone = _speaks_to_all(room, messages)
    called = {message.pk: _called(message, shown) for message, shown in messages}
    if not everyone and not any(called.values()):
        return
    members = Membership.objects.filter(room=room, alert=Membership.Alert.MENTIONS, user__is_active=True)
    members = members.exclude(role=Membership.Role.BANNED).select_related("user")
    if not everyone:
        members = members.filter(user_id__in=set().union(*called.values()))
    users = {membership.user_id: membership.user for membership in members}
    now = timezone.now()
    mentions: list[Mention] = []
    for message, shown in messages:
        at_once = called[message.pk] & users.keys()
        whole_room = users.keys() if room.kind == Room.Kind.DIRECT or shown.mentions_room else set()
        for user_id in at_once | (set(whole_room) - {message.author_id}):
            told = user_id in at_once or room.kind == Room.Kind.DIRECT
            mentions.append(Mention(message=message, user_id=user_id, notified_at=now if told else None))
        if room.kind != Room.Kind.DIRECT:
            for user_id in sorted(at_once):
                notify_of(message, users[user_id], room)
    Mention.objects.bulk_create(mentions, ignore_conflicts=True)


def speaks_to_anyone(room: Room, messages: Sequence[tuple[Message, Rendered]]) -> bool:
    """Whether there is anything for `record_mentions` to do."""
    return _speaks_to_all(room, messages) or any(_called(message, shown) for message, shown in messages)


def _speaks_to_all(room: Room, messages: Sequence[tuple[Message, Rendered]]) -> bool:
    return room.kind == Room.Kind.DIRECT or any(shown.mentions_room for _, shown in messages)


def _called(message: Message, shown: Rendered) -> set[int]:
    """Whom the message calls by name or answers."""
    ids = set(shown.user_ids)
    if message.reply_to is not None and message.reply_to.author_id:
        ids.add(message.reply_to.author_id)
    return ids - {message.author_id or 0}


def notify_of(message: Message, user: User, room: Room) -> None:
    """Put a mention into the person's inbox, once per message."""
    notify(
        user=user,
        kind=KIND,
        key=_key(message),
        data={"author": message.sender_name, "room": room.name, "text": excerpt(message.body)},
        url=message.get_absolute_url(),
    )


def settle_mentions(room: Room, user: User, number: int) -> None:
    """What the person has read in the room up to a number waits in the inbox no longer. Mostly one query."""
    waiting = Notification.objects.filter(user=user, kind=KIND, read_at=None).order_by("-pk")
    waiting_for = {key: pk for pk, key in waiting.values_list("pk", "key")[:MOST_SETTLED]}
    if not waiting_for:
        return
    message_ids = [int(key.removeprefix(_KEY_START)) for key in waiting_for]
    read = Message.objects.filter(pk__in=message_ids, room=room, number__lte=number).values_list("pk", flat=True)
    if ids := [waiting_for[f"{_KEY_START}{pk}"] for pk in read]:
        mark_notifications_read(user=user, notification_ids=ids)


def retell(message: Message, user_ids: Sequence[int]) -> None:
    """Put what a message says now into what it told these people: their inboxes, and the digests it stands in.

    A digest that is still to be sent then carries the new words; a deleted message leaves only that it was.
    """
    told = Notification.objects.filter(user__in=user_ids, created_at__gte=message.created_at)
    mine = told.filter(kind=KIND, key=_key(message)) | told.filter(kind=DIGEST_KIND)
    says = {"text": _text(message), "deleted": message.is_deleted}

    def change(notification: Notification) -> dict[str, Any]:
        data = notification.data
        if notification.kind == KIND:
            return {**data, **says}
        items = [{**item, **says} if item.get("message") == message.pk else item for item in data["items"]]
        return {**data, "items": items}

    amend(mine.select_related("user__contact").order_by("pk"), change)


def _key(message: Message) -> str:
    return f"{_KEY_START}{message.pk}"


def _text(message: Message) -> str:
    return "" if message.is_deleted else excerpt(message.body)
