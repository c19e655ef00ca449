"""Posting: many messages of one room in one transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from chat import events
from chat.errors import (
    ChatError,
    ClientIdReused,
    EmptyMessage,
    FileNotFound,
    InvalidMessage,
    MessageNotFound,
    MessageTooLong,
    RoomNotFound,
    TooManyMentions,
)
from chat.models import Attachment, Message, Room
from chat.rendering import Rendered, names_in, render
from chat.services.gate import Gate
from chat.services.mentions import mentionable, record_mentions, speaks_to_anyone
from chat.services.message_rows import insert, next_ids
from notifications import streams
from notifications.statements import Statement, execute_together, fetch_together

MAX_MENTIONS = 20
"""People whom one message may call by name: each gets a notification."""

_MOVE_ROOM = "UPDATE chat_room SET last_number = %s, last_message_at = %s WHERE id = %s"
_COUNT_REPLIES = {
    "postgresql": """
    UPDATE chat_message SET reply_count = reply_count + counted.value::int
    FROM json_each_text(%s::json) AS counted WHERE chat_message.id = counted.key::bigint
    """,
    "sqlite": """
    UPDATE chat_message SET reply_count = reply_count + counted.value
    FROM json_each(%s) AS counted WHERE chat_message.id = CAST(counted.key AS integer)
    """,
}


_Key = tuple[int | None, UUID | None]


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that someone wants to post; `author` is None for a webhook, which speaks as `bot_name`."""

    author: User | None
    body: str
    client_id: UUID | None = None
    reply_to: int | None = None
    """The id of the message that this one answers."""
    files: tuple[UUID, ...] = ()
    """The keys of attachments that the author uploaded to the room."""
    bot_name: str = ""

    @property
    def author_id(self) -> int | None:
        return self.author.pk if self.author else None

    @property
    def key(self) -> _Key:
        """What makes two drafts the same message, where there is a `client_id`."""
        return self.author_id, self.client_id


@dataclass(frozen=True, slots=True)
class Posted:
    """What the sender is told: the same for the first sending and for every retry of it."""

    id: int
    number: int
    at: datetime
    client_id: UUID | None
    is_new: bool = field(default=True, compare=False)
    """Whether it was stored now, not by an earlier sending."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "number": self.number,
            "at": self.at.isoformat(),
            "client_id": str(self.client_id) if self.client_id else None,
        }


Outcome = Posted | ChatError


@dataclass(frozen=True, slots=True)
class _New:
    message: Message
    shown: Rendered
    files: list[Attachment]


def post_message(
    *,
    room: Room,
    author: User | None,
    body: str,
    client_id: UUID | None = None,
    reply_to: int | None = None,
    files: Sequence[UUID] = (),
    bot_name: str = "",
) -> Posted:
    """Post one message; raises the ChatError that refuses it."""
    draft = Draft(author, body, client_id, reply_to, tuple(files), bot_name)
    [outcome] = post_messages(room_id=room.pk, drafts=[draft])
    if isinstance(outcome, ChatError):
        raise outcome
    return outcome


def post_messages(*, room_id: int, drafts: Sequence[Draft]) -> list[Outcome]:
    """Post messages of one or many authors in one room, in this order, in one transaction.

    Each draft has its own outcome: what was stored, or the ChatError that refused it alone. The number of queries
    does not depend on the number of drafts, but for a notification to each person called by name. A draft whose
    author used its `client_id` before gets the first answer.
    Locks: the room's row, then its stream's; so the numbers of messages and of events are in the same order.
    """
    texts = [checked_body(draft.body, may_be_empty=bool(draft.files)) for draft in drafts]
    rendered = _render_all(room_id, texts)
    try:
        return _store(room_id, drafts, texts, rendered, known={})
    except IntegrityError:
        # Retries are rare, so nobody looks for them until the database refuses one.
        return _store(room_id, drafts, texts, rendered, known=_sent_before(drafts))


def checked_body(body: str, *, may_be_empty: bool = False) -> str | ChatError:
    """The body as it is stored, or why it cannot be."""
    if "\x00" in body:  # PostgreSQL's text has no place for it
        return InvalidMessage("A message cannot contain a NUL character.")
    try:
        size_bytes = len(body.encode())
    except UnicodeEncodeError:
        return InvalidMessage("A message must be well-formed Unicode.")
    text = body.replace("\r\n", "\n").rstrip().lstrip("\n")
    if not text.strip():
        return "" if may_be_empty else EmptyMessage()
    if size_bytes > Message.MAX_BODY_BYTES:
        return MessageTooLong(max_bytes=Message.MAX_BODY_BYTES)
    return text


def _render_all(room_id: int, texts: Sequence[str | ChatError]) -> list[Rendered]:
    """Render before the transaction, so that no lock waits for Markdown."""
    names = set().union(*(names_in(text) for text in texts if isinstance(text, str)))
    people = mentionable(room_id, names)
    return [render(text, people) if isinstance(text, str) else Rendered.nothing() for text in texts]


def _store(
    room_id: int,
    drafts: Sequence[Draft],
    texts: Sequence[str | ChatError],
    rendered: Sequence[Rendered],
    known: dict[_Key, Message],
) -> list[Outcome]:
    """`known` are messages that were sent before."""
    with transaction.atomic():
        # Two round trips for all that belongs to every message: one that asks, and one that writes.
        rooms, memberships, tails, ids = fetch_together(
            *Gate.rows(room_id, {draft.author_id for draft in drafts if draft.author_id}),
            streams.StreamLock.row(Room.stream_of(room_id)),
            next_ids(len(drafts)),
        )
        if not rooms:
            return [RoomNotFound() for _ in drafts]
        [room] = rooms
        gate = Gate(room, memberships, timezone.now())
        stream = streams.StreamLock(room.stream, tails)
        parents = _parents(room, drafts)
        files = _files(room, drafts)
        new: list[_New] = []
        results: list[Message | ChatError] = []
        for draft, text, shown in zip(drafts, texts, rendered, strict=True):
            if message := known.get(draft.key):
                results.append(message)
                continue
            refusal = (
                (text if isinstance(text, ChatError) else None)
                or _refusal(draft, shown, parents, files)
                or gate.refusal(draft.author)
            )
            if refusal is not None:
                results.append(refusal)
                continue
            if shown.mentions_room and not gate.may_mention_room(draft.author):
                shown = shown.without_room()
            parent = parents.get(draft.reply_to) if draft.reply_to else None
            [id_] = ids[len(new)]
            message = Message(
                pk=id_,
                room=room,
                number=room.last_number + len(new) + 1,
                event_seq=stream.next_seq + len(new),
                author=draft.author,
                bot_name=draft.bot_name,
                client_id=draft.client_id,
                body=str(text),
                html=shown.html,
                created_at=gate.now,
                reply_to=parent,
                thread_root_id=(parent.thread_root_id or parent.pk) if parent else None,
            )
            new.append(_New(message, shown, [files[key] for key in draft.files]))
            results.append(message)
            if draft.client_id:
                known[draft.key] = message
        if new:
            _insert(new, gate, stream)
    refused = [draft for draft, result in zip(drafts, results, strict=True) if isinstance(result, ChatError)]
    # What was stored and is now refused (too fast, say) is a retry all the same: it gets the first answer.
    sent_before = _sent_before(refused)
    results = [sent_before.get(draft.key, result) for draft, result in zip(drafts, results, strict=True)]
    stored_now = {each.message.pk for each in new}
    return [result if isinstance(result, ChatError) else _answer(result, room_id, stored_now) for result in results]


def _insert(new: Sequence[_New], gate: Gate, stream: streams.StreamLock) -> None:
    messages = [each.message for each in new]
    first, last = messages[0], messages[-1]
    spoken_to = [(each.message, each.shown) for each in new]
    is_all = not any(each.files for each in new) and not speaks_to_anyone(gate.room, spoken_to)
    execute_together(
        insert(messages),
        (_MOVE_ROOM, [last.number, connection.ops.adapt_datetimefield_value(gate.now), gate.room.pk]),
        gate.save(first_number=first.number, last_number=last.number),
        *_count_replies(messages),
        *stream.append([events.message_posted(each.message, each.files) for each in new]),
        commit=is_all,
    )
    for message in messages:
        message._state.adding = False
    if not is_all:
        _attach(new)
        record_mentions(gate.room, spoken_to)


def _attach(new: Sequence[_New]) -> None:
    attached = [file for each in new for file in each.files]
    for each in new:
        for file in each.files:
            file.message = each.message
    if attached:
        Attachment.objects.bulk_update(attached, ["message"])


def _refusal(
    draft: Draft, shown: Rendered, parents: dict[int, Message], files: dict[UUID, Attachment]
) -> ChatError | None:
    if draft.reply_to and draft.reply_to not in parents:
        return MessageNotFound("The message that you answer is not there any more.")
    if len(draft.files) > Message.MAX_FILES:
        return InvalidMessage(f"A message carries at most {Message.MAX_FILES} files.")
    if any(key not in files or files[key].uploader_id != draft.author_id for key in draft.files):
        return FileNotFound("A file of this message is not there any more. Attach it again.")
    if any(files[key].message is not None for key in draft.files) or len(set(draft.files)) < len(draft.files):
        return InvalidMessage("A file can be sent only once.")
    if len(shown.user_ids) > MAX_MENTIONS:
        return TooManyMentions(max_mentions=MAX_MENTIONS)
    return None


def _sent_before(drafts: Sequence[Draft]) -> dict[_Key, Message]:
    """What was stored under the drafts' client ids, in whatever room."""
    client_ids = [draft.client_id for draft in drafts if draft.client_id]
    if not client_ids:
        return {}
    authors = {draft.author_id for draft in drafts}
    stored = Message.objects.filter(author_id__in=authors, client_id__in=client_ids).defer("body", "html")
    return {(message.author_id, message.client_id): message for message in stored}


def _parents(room: Room, drafts: Sequence[Draft]) -> dict[int, Message]:
    ids = {draft.reply_to for draft in drafts if draft.reply_to}
    if not ids:
        return {}
    found = Message.objects.filter(room=room, pk__in=ids, deleted_at=None).select_related("author").defer("html")
    return {message.pk: message for message in found}


def _files(room: Room, drafts: Sequence[Draft]) -> dict[UUID, Attachment]:
    keys = {key for draft in drafts for key in draft.files}
    if not keys:
        return {}
    return {file.key: file for file in Attachment.objects.filter(room=room, key__in=keys, message=None)}


def _count_replies(messages: Sequence[Message]) -> list[Statement]:
    counts = Counter(message.thread_root_id for message in messages if message.thread_root_id)
    if not counts:
        return []
    return [(_COUNT_REPLIES[connection.vendor], [orjson.dumps(counts, option=orjson.OPT_NON_STR_KEYS).decode()])]


def _answer(message: Message, room_id: int, stored_now: set[int]) -> Outcome:
    if message.room_id != room_id:
        return ClientIdReused()
    return Posted(message.pk, message.number, message.created_at, message.client_id, message.pk in stored_now)
