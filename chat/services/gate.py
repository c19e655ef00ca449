"""Who of a batch may write now: role, slow mode and pace of all its authors with two queries."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import orjson
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from chat.errors import ChatError, RoomArchived, TooFast
from chat.models import Membership, Room
from chat.pace import Pace, in_words, whole_seconds
from chat.queries import Seat, seat_in, standing_in
from chat.roles import Action, Standing, may
from notifications.statements import Rows, Statement

# One parameter for all authors, so that the text is always the same.
_THEIRS = {
    "postgresql": "room_id = %s AND user_id IN (SELECT value::int FROM json_array_elements_text(%s::json))",
    "sqlite": "room_id = %s AND user_id IN (SELECT value FROM json_each(%s))",
}

_SAVE_PACE = {
    "postgresql": """
    UPDATE chat_membership SET paced_until = used.until, last_sent_at = %s,
        read_number = CASE WHEN read_number = %s THEN %s ELSE read_number END
    FROM json_to_recordset(%s::json) AS used(id bigint, until timestamptz)
    WHERE chat_membership.id = used.id
    """,
    "sqlite": """
    UPDATE chat_membership SET paced_until = used.value->>'until', last_sent_at = %s,
        read_number = CASE WHEN read_number = %s THEN %s ELSE read_number END
    FROM json_each(%s) AS used
    WHERE chat_membership.id = used.value->>'id'
    """,
}


class Gate:
    """The memberships of a batch's authors, under the room's lock: no two batches share an allowance."""

    def __init__(self, room: Room, memberships: Iterable[Membership], now: datetime) -> None:
        self.room = room
        self.now = now
        self._pace = Pace(settings.CHAT_MESSAGES_PER_MINUTE, settings.CHAT_MESSAGES_AT_ONCE)
        self._memberships = {membership.user_id: membership for membership in memberships}
        self._senders: dict[int, Membership] = {}

    @staticmethod
    def rows(room_id: int, author_ids: Iterable[int]) -> tuple[Rows[Room], Rows[Membership]]:
        """What takes the room's lock and tells what a gate must know, to be fetched together."""
        return (
            Rows(Room, "id = %s", [room_id], is_locking=True),
            # Read after the lock was granted: a batch sees what the one before it used up.
            Rows(Membership, _THEIRS[connection.vendor], [room_id, orjson.dumps(list(author_ids)).decode()]),
        )

    def refusal(self, author: User | None) -> ChatError | None:
        """What refuses one more message of this author now; None counts it against the author's allowance.

        A webhook has no author: its own pace was taken before (chat/services/webhooks.py).
        """
        if author is None:
            return RoomArchived() if self.room.is_archived else None
        membership = self._memberships.get(author.pk)
        try:
            seat = seat_in(self.room, author, membership, self.now)
            seat.require(Action.POST)
        except ChatError as error:
            return error
        if membership is None:
            raise AssertionError("only members may post")
        if seat.standing == Standing.MEMBER and (wait := self._slow_mode_wait(membership)):
            seconds = whole_seconds(wait)
            return TooFast(f"Slow mode: you can write again in {in_words(seconds)}.", retry_after_seconds=seconds)
        allowed = self._pace.take(membership.paced_until, self.now)
        if isinstance(allowed, timedelta):
            return too_fast(allowed)
        membership.paced_until = allowed
        membership.last_sent_at = self.now
        self._senders[membership.pk] = membership
        return None

    def may_mention_room(self, author: User | None) -> bool:
        membership = self._memberships.get(author.pk) if author else None
        if author is None or membership is None:
            return False
        return may(standing_in(self.room, author, membership, self.now), Action.MENTION_ROOM)

    def save(self, *, first_number: int, last_number: int) -> Statement:
        """What stores the allowances used; who had read everything has read what was sent with theirs."""
        adapt = connection.ops.adapt_datetimefield_value
        used = [{"id": m.pk, "until": str(adapt(m.paced_until))} for m in self._senders.values()]
        values = [adapt(self.now), first_number - 1, last_number, orjson.dumps(used).decode()]
        return _SAVE_PACE[connection.vendor], values

    def _slow_mode_wait(self, membership: Membership) -> timedelta:
        if not self.room.slow_mode_seconds or membership.last_sent_at is None:
            return timedelta(0)
        slow = timedelta(seconds=self.room.slow_mode_seconds)
        return max(timedelta(0), membership.last_sent_at + slow - self.now)


def spend(seat: Seat) -> None:
    """Take one of the person's allowance in the room for what is no message: an edit, a reaction, an invitation.

    Raises TooFast.
    """
    membership = Membership.objects.select_for_update(no_key=True).filter(room=seat.room, user=seat.user).first()
    if membership is None:
        return
    allowed = Pace(settings.CHAT_MESSAGES_PER_MINUTE, settings.CHAT_MESSAGES_AT_ONCE).take(
        membership.paced_until, timezone.now()
    )
    if isinstance(allowed, timedelta):
        raise too_fast(allowed)
    membership.paced_until = allowed
    membership.save(update_fields=["paced_until"])


def too_fast(wait: timedelta) -> TooFast:
    seconds = whole_seconds(wait)
    return TooFast(
        f"You are sending too fast. You can write again in {in_words(seconds)}.", retry_after_seconds=seconds
    )
