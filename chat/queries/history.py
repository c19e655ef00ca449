"""Pages of a room's messages: by number, so that each costs the same wherever it stands in the history."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from chat import events
from chat.errors import MessageNotFound
from chat.models import Attachment, Message, Reaction
from chat.queries.rooms import Person, Seat, room_by_id
from chat.rendering import excerpt
from chat.roles import Action

PAGE_SIZE = 50
FIRST_DAY = date(1, 1, 2)
GROUP_WITHIN = timedelta(minutes=5)
"""Messages of one author that follow each other within this time are shown under one name."""


@dataclass(frozen=True, slots=True)
class Reacted:
    """How often an emoji stands under a message, and whether the viewer put it there too."""

    emoji: str
    count: int
    mine: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A message as it stands in a list: after which day's heading, under whose name, with what below."""

    message: Message
    starts_day: bool
    starts_group: bool
    is_first_new: bool
    reactions: list[Reacted] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)

    @property
    def quote(self) -> str:
        """The start of the message that this one answers."""
        return excerpt(self.message.reply_to.body) if self.message.reply_to else ""


@dataclass(frozen=True, slots=True)
class History:
    """Messages in their order, whether there are more on either side, and what hangs on them."""

    messages: list[Message]
    has_older: bool
    has_newer: bool
    reactions: dict[int, list[Reacted]] = field(default_factory=dict)
    files: dict[int, list[Attachment]] = field(default_factory=dict)

    def lines(self, *, read_number: int | None = None, mine: int | None = None) -> list[Line]:
        """The messages as a page shows them; `read_number` says where the line of what is new goes."""
        return _lines(self, read_number, mine)

    def data(self) -> list[dict[str, Any]]:
        """The messages as JSON."""
        return [
            events.message_data(
                message,
                reactions=[(r.emoji, r.count, r.mine) for r in self.reactions.get(message.pk, ())],
                files=self.files.get(message.pk, ()),
            )
            for message in self.messages
        ]


def history_of(seat: Seat, *, before: int | None = None, after: int | None = None, limit: int = PAGE_SIZE) -> History:
    """The messages before a number, after one, or the newest. A constant number of queries."""
    found, has_older, has_newer = _page(seat, before, after, limit)
    return _complete(seat, found, has_older=has_older, has_newer=has_newer)


def history_around(seat: Seat, number: int) -> History:
    """The page in whose middle the message with this number stands."""
    older, has_older, _ = _page(seat, number, None, PAGE_SIZE // 2)
    newer, _, has_newer = _page(seat, None, number - 1, PAGE_SIZE // 2)
    return _complete(seat, older + newer, has_older=has_older, has_newer=has_newer)


def thread_of(seat: Seat, message: Message) -> History:
    """A thread from its first message on, the newest 200 answers of it."""
    seat.require(Action.READ)
    root_id = message.thread_root_id or message.pk
    answers = list(_messages(seat).filter(thread_root_id=root_id).order_by("-number")[:200])[::-1]
    root = list(_messages(seat).filter(pk=root_id))
    return _complete(seat, root + answers, has_older=False, has_newer=False)


def pins_of(seat: Seat) -> History:
    """What is pinned in the room, the latest pin first."""
    seat.require(Action.READ)
    return _complete(
        seat,
        list(_messages(seat).filter(pinned_at__isnull=False).order_by("-pinned_at")),
        has_older=False,
        has_newer=False,
    )


def number_at(seat: Seat, day: date) -> int | None:
    """The number of the first message from the start of that day on; None where there is none any more."""
    seat.require(Action.READ)
    # The day's start in a zone east of Greenwich is in UTC a day earlier, and there is none before the first.
    start = timezone.make_aware(datetime.combine(max(day, FIRST_DAY), time.min))
    later = Message.objects.filter(room=seat.room, created_at__gte=start).order_by("created_at", "number")
    return later.values_list("number", flat=True).first()


def message_for(user: Person, message_id: int) -> tuple[Seat, Message]:
    """A message and the person's seat in its room.

    Raises MessageNotFound for one that is not there and for one in a room that the person may not read.
    """
    message = Message.objects.select_related("author").filter(pk=message_id).first()
    if message is None:
        raise MessageNotFound
    return room_by_id(user, message.room_id, missing=MessageNotFound), message


def _messages(seat: Seat) -> "QuerySet[Message]":
    return Message.objects.filter(room=seat.room).select_related("author", "reply_to__author").defer("reply_to__html")


def _page(seat: Seat, before: int | None, after: int | None, limit: int) -> tuple[list[Message], bool, bool]:
    seat.require(Action.READ)
    limit = max(1, min(limit, PAGE_SIZE))
    messages = _messages(seat)
    if after is not None:
        found = list(messages.filter(number__gt=after).order_by("number")[: limit + 1])
        return found[:limit], after >= 1, len(found) > limit
    if before is not None:
        messages = messages.filter(number__lt=before)
    found = list(messages.order_by("-number")[: limit + 1])
    return found[:limit][::-1], len(found) > limit, before is not None


def _complete(seat: Seat, messages: list[Message], *, has_older: bool, has_newer: bool) -> History:
    ids = [message.pk for message in messages]
    reactions: dict[int, list[Reacted]] = {}
    rows = (
        Reaction.objects.filter(message_id__in=ids)
        .values("message_id", "emoji")
        .annotate(count=Count("pk"), first=Min("pk"), mine=Max("pk", filter=Q(user=seat.user)))
        .order_by("first")
    )
    for row in rows:
        reactions.setdefault(row["message_id"], []).append(
            Reacted(row["emoji"], row["count"], row["mine"] is not None)
        )
    files: dict[int, list[Attachment]] = {}
    for file in Attachment.objects.filter(message_id__in=ids).order_by("pk"):
        files.setdefault(file.message_id or 0, []).append(file)
    return History(messages, has_older, has_newer, reactions, files)


def _lines(history: History, read_number: int | None, mine: int | None) -> list[Line]:
    lines: list[Line] = []
    before: Message | None = None
    unread_found = read_number is None
    for message in history.messages:
        starts_day = before is None or _day(before) != _day(message)
        is_first_new = (
            not unread_found and message.number > (read_number or 0) and (mine is None or message.author_id != mine)
        )
        unread_found = unread_found or is_first_new
        starts_group = starts_day or is_first_new or before is None or not _same_group(before, message)
        lines.append(
            Line(
                message,
                starts_day,
                starts_group,
                is_first_new,
                history.reactions.get(message.pk, []),
                history.files.get(message.pk, []),
            )
        )
        before = message
    return lines


def _same_group(before: Message, message: Message) -> bool:
    return (
        before.author_id == message.author_id
        and before.bot_name == message.bot_name
        and message.reply_to_id is None
        and message.created_at - before.created_at < GROUP_WITHIN
    )


def _day(message: Message) -> date:
    return timezone.localtime(message.created_at).date()


def reactors_of(seat: Seat, message: Message) -> dict[str, list[str]]:
    """Who reacted to a message with which emoji, in the order in which they did; 500 reactions at most."""
    seat.require(Action.READ)
    names: dict[str, list[str]] = {}
    reactions = Reaction.objects.filter(message=message).order_by("pk").values_list("emoji", "user__username")
    for emoji, name in reactions[:500]:
        names.setdefault(emoji, []).append(name)
    return names


def versions_of(seat: Seat, message: Message) -> Sequence[Any]:
    """What the message said before, oldest first, for those who keep the room."""
    seat.require(Action.SEE_HISTORY)
    return list(message.versions.select_related("replaced_by"))
