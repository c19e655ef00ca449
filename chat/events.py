"""Messages as data: the events of a room's stream, and the items of its history. docs/chat.md lists the fields."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chat.models import Attachment, Membership, Message, Room
from chat.rendering import excerpt

StreamEvent = tuple[str, dict[str, Any]]

POSTED, EDITED, DELETED = "message.posted", "message.edited", "message.deleted"


def message_posted(message: Message, files: Sequence[Attachment] = ()) -> StreamEvent:
    """A new message; its time is the event's."""
    return POSTED, _core(message, files)


def message_edited(message: Message) -> StreamEvent:
    return EDITED, {"id": message.pk, "html": message.html, "edited_at": _moment(message.edited_at)}


def message_deleted(message: Message) -> StreamEvent:
    return DELETED, {"id": message.pk}


def message_pinned(message: Message) -> StreamEvent:
    return ("message.pinned" if message.pinned_at else "message.unpinned"), {"id": message.pk}


def reaction(message: Message, *, emoji: str, user_id: int, user: str, on: bool) -> StreamEvent:
    data = {"id": message.pk, "emoji": emoji, "user_id": user_id, "user": user}
    return ("reaction.added" if on else "reaction.removed"), data


def room_changed(room: Room) -> StreamEvent:
    return "room.changed", {
        "name": room.name,
        "description": room.description,
        "archived": room.is_archived,
        "slow_mode_seconds": room.slow_mode_seconds,
    }


def member_joined(*, user_id: int, user: str) -> StreamEvent:
    return "member.joined", {"user_id": user_id, "user": user}


def member_left(*, user_id: int, user: str) -> StreamEvent:
    """They left, or were banned."""
    return "member.left", {"user_id": user_id, "user": user}


def member_changed(membership: Membership, user: str) -> StreamEvent:
    return "member.changed", {
        "user_id": membership.user_id,
        "user": user,
        "role": membership.role,
        "muted_until": _moment(membership.muted_until),
    }


def message_data(
    message: Message, *, reactions: Sequence[tuple[str, int, bool]] = (), files: Sequence[Attachment] = ()
) -> dict[str, Any]:
    """A message of the history: what `message.posted` told, with its time and what has become of it."""
    data = {**_core(message, files), "at": message.created_at.isoformat()}
    if message.deleted_at:
        data["deleted"] = True
    elif message.edited_at:
        data["edited_at"] = _moment(message.edited_at)
    if message.pinned_at:
        data["pinned"] = True
    if message.reply_count:
        data["reply_count"] = message.reply_count
    if reactions:
        data["reactions"] = [{"emoji": emoji, "count": count, "mine": mine} for emoji, count, mine in reactions]
    return data


def file_data(file: Attachment) -> dict[str, Any]:
    data: dict[str, Any] = {
        "key": str(file.key),
        "name": file.name,
        "type": file.content_type,
        "bytes": file.size_bytes,
        "url": file.get_absolute_url(),
    }
    if file.is_picture:
        data |= {"width": file.width, "height": file.height, "thumbnail": file.thumbnail_url}
    return data


def _core(message: Message, files: Sequence[Attachment]) -> dict[str, Any]:
    """Small on purpose: it goes to everyone in the room. `html` is sanitised; what does not apply is left out."""
    data: dict[str, Any] = {
        "id": message.pk,
        "number": message.number,
        "author": message.sender_name,
        "author_id": message.author_id,
        "html": message.html,
    }
    if message.client_id is not None:
        data["client_id"] = str(message.client_id)
    if message.author_id is None and message.bot_name:
        data["bot"] = True
    if message.reply_to is not None:
        data["reply"] = quote(message.reply_to)
        data["thread"] = message.thread_root_id
    if files:
        data["files"] = [file_data(file) for file in files]
    return data


def quote(parent: Message) -> dict[str, Any]:
    """What an answer shows of the message it answers; `text` is plain text."""
    return {
        "id": parent.pk,
        "number": parent.number,
        "author": parent.sender_name,
        "text": "" if parent.is_deleted else excerpt(parent.body),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
