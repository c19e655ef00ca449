"""What becomes of a message: edited, deleted, reacted to, pinned."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from chat import events
from chat.emoji import REACTIONS
from chat.errors import (
    ChatError,
    MessageDeleted,
    NotAllowed,
    TooManyMentions,
    TooManyPins,
    TooManyReactions,
    UnknownEmoji,
)
from chat.models import Attachment, Message, MessageVersion, Reaction, Room
from chat.queries import Seat
from chat.rendering import names_in, render
from chat.roles import Action, may
from chat.services.attachments import remove_files
from chat.services.audit import record
from chat.services.gate import spend
from chat.services.mentions import mentionable, record_mentions, retell
from chat.services.messages import MAX_MENTIONS, checked_body
from notifications import streams

MAX_PINS = 50
MAX_DIFFERENT_REACTIONS = 20


@transaction.atomic
def edit_message(*, seat: Seat, message: Message, body: str) -> Message:
    """Change one's own message; what it said before is kept for those who keep the room.

    Raises NotAllowed for the message of someone else, and what refuses a new message's body.
    """
    text = checked_body(body, may_be_empty=message.attachments.exists())
    if isinstance(text, ChatError):
        raise text
    _hold_answers(seat)
    message = _locked(message)
    if message.author_id != seat.user.pk:
        raise NotAllowed("Only its writer can edit a message.")
    seat.require(Action.EDIT_OWN)
    if message.body == text:
        return message
    spend(seat)
    shown = render(text, mentionable(seat.room.pk, names_in(text)))
    if shown.mentions_room and not may(seat.standing, Action.MENTION_ROOM):
        shown = shown.without_room()
    if len(shown.user_ids) > MAX_MENTIONS:
        raise TooManyMentions(max_mentions=MAX_MENTIONS)
    now = timezone.now()
    replaced = MessageVersion(message=message, body=message.body, replaced_by=seat.user, replaced_at=now)
    message.body, message.html, message.edited_at = text, shown.html, now
    message.save(update_fields=["body", "html", "edited_at"])
    retell(message, list(message.mentions.values_list("user_id", flat=True)))
    record_mentions(seat.room, [(message, shown)])
    _rewrite_past(seat.room.stream, message)
    [told] = streams.append(seat.room.stream, [events.message_edited(message)])
    replaced.event_seq = told.seq
    replaced.save()
    return message


@transaction.atomic
def delete_message(*, seat: Seat, message: Message) -> None:
    """Leave a tombstone where a message was. Its text goes from the stream's past too; moderators keep a version."""
    _hold_answers(seat)
    message = _locked(message)
    own = message.author_id == seat.user.pk
    seat.require(Action.DELETE_OWN if own else Action.DELETE_ANY)
    now = timezone.now()
    if message.body:
        MessageVersion.objects.create(message=message, body=message.body, replaced_by=seat.user, replaced_at=now)
    message.body = message.html = ""
    message.deleted_at, message.pinned_at, message.pinned_by = now, None, None
    message.save(update_fields=["body", "html", "deleted_at", "pinned_at", "pinned_by"])
    message.reactions.all().delete()
    retell(message, list(message.mentions.values_list("user_id", flat=True)))
    message.mentions.all().delete()
    remove_files(Attachment.objects.filter(message=message))
    if not own:
        record(seat, "message.deleted", subject=message.author, message=message)
    _rewrite_past(seat.room.stream, message)
    streams.append(seat.room.stream, [events.message_deleted(message)])


@transaction.atomic
def react(*, seat: Seat, message: Message, emoji: str, on: bool = True) -> None:
    """Add or take back one's reaction; doing either twice is no error."""
    seat.require(Action.REACT)
    if emoji not in REACTIONS:
        raise UnknownEmoji
    message = _locked(message)
    mine = Reaction.objects.filter(message=message, user=seat.user, emoji=emoji)
    if on == mine.exists():
        return
    spend(seat)
    if on:
        kinds = set(Reaction.objects.filter(message=message).values_list("emoji", flat=True).distinct())
        if emoji not in kinds and len(kinds) >= MAX_DIFFERENT_REACTIONS:
            raise TooManyReactions
        Reaction.objects.create(message=message, user=seat.user, emoji=emoji)
    else:
        mine.delete()
    told = events.reaction(message, emoji=emoji, user_id=seat.user.pk, user=seat.user.get_username(), on=on)
    streams.append(seat.room.stream, [told])


@transaction.atomic
def pin_message(*, seat: Seat, message: Message, on: bool = True) -> None:
    """Put a message on the room's list of pins, or take it off. In direct messages everyone may."""
    if not (seat.is_direct and seat.may(Action.POST)):
        seat.require(Action.PIN)
    message = _locked(message)
    if on == (message.pinned_at is not None):
        return
    if on and Message.objects.filter(room=seat.room, pinned_at__isnull=False).count() >= MAX_PINS:
        raise TooManyPins
    message.pinned_at, message.pinned_by = (timezone.now(), seat.user) if on else (None, None)
    message.save(update_fields=["pinned_at", "pinned_by"])
    if seat.may(Action.PIN):
        record(seat, "message.pinned" if on else "message.unpinned", subject=message.author, message=message)
    streams.append(seat.room.stream, [events.message_pinned(message)])


def _hold_answers(seat: Seat) -> None:
    """Take the room's lock, as posting does, before the message's: no answer quotes it while it changes."""
    Room.objects.select_for_update(no_key=True).get(pk=seat.room.pk)


def _locked(message: Message) -> Message:
    """The message under its row's lock, which puts an edit, a deletion and a reaction at once in order."""
    found = Message.objects.select_for_update(no_key=True).get(pk=message.pk)
    if found.is_deleted:
        raise MessageDeleted
    return found


def _rewrite_past(stream: str, message: Message) -> None:
    """Take what a message said before out of the stream's past: it is for those who keep the room alone, and what a
    page asks for from there must not bring it back."""
    edits = MessageVersion.objects.filter(message=message).values_list("event_seq", flat=True)
    streams.redact(stream, _known([message.event_seq, *edits]), partial(_as_now, message))
    # By the thread too: its index is the one that stands ready for a room of any length.
    in_thread = Message.objects.filter(thread_root_id=message.thread_root_id or message.pk)
    answers = in_thread.filter(reply_to=message).values_list("event_seq", flat=True)
    quote = events.quote(message)
    streams.redact(stream, _known(answers), lambda type_, data: {**data, "reply": quote})


def _known(seqs: Iterable[int | None]) -> list[int]:
    """Without those of messages that came into the room by no event, such as the demo's."""
    return [seq for seq in seqs if seq is not None]


def _as_now(message: Message, type_: str, data: dict[str, Any]) -> dict[str, Any]:
    """A past event of a message, with what the message says now."""
    if not message.is_deleted or type_ != events.POSTED:
        return {**data, "html": message.html}
    kept = ["id", "number", "author", "author_id"]
    return {name: data[name] for name in kept if name in data} | {"html": "", "deleted": True}
