"""Which rooms a person has, and what they are there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils import timezone

from chat.errors import Banned, ChatError, Muted, NotAllowed, NotAMember, RoomArchived, RoomNotFound
from chat.models import Membership, Room
from chat.roles import READ_ONLY_ACTIONS, Action, Standing, may, standing_of

Person = User | AnonymousUser


@dataclass(frozen=True, slots=True)
class RoomCard:
    """A room in a person's list."""

    id: int
    slug: str
    kind: str
    name: str
    description: str
    unread_count: int
    last_message_at: datetime | None

    @property
    def pk(self) -> int:
        return self.id

    def get_absolute_url(self) -> str:
        return reverse("chat:room", args=[self.slug])


@dataclass(frozen=True, slots=True)
class Seat:
    """A room as one person has it: what `room_for` loads, and what every page, call and service asks."""

    room: Room
    user: User
    membership: Membership | None
    standing: Standing

    def may(self, action: Action) -> bool:
        return may(self.standing, action) and (not self.room.is_archived or action in READ_ONLY_ACTIONS)

    def require(self, action: Action) -> None:
        """Raise what refuses the action: Banned, RoomArchived, NotAMember, Muted or NotAllowed."""
        if self.may(action):
            return
        if self.standing == Standing.BANNED:
            raise Banned
        if may(self.standing, action):
            raise RoomArchived
        if self.membership is None and may(Standing.MEMBER, action):
            raise NotAMember
        if self.standing == Standing.MUTED and may(Standing.MEMBER, action):
            until = self.membership.muted_until if self.membership else None
            raise Muted(until=until.isoformat() if until else None)
        raise NotAllowed

    @property
    def is_direct(self) -> bool:
        return self.room.kind == Room.Kind.DIRECT

    @property
    def title(self) -> str:
        return self.room.title_for(self.user.get_username())


def rooms_of(user: Person) -> list[RoomCard]:
    """The rooms a person is in, the latest spoken in first. One query."""
    return _cards(user, room__archived_at=None)


def archived_rooms_of(user: Person) -> list[RoomCard]:
    """The rooms a person is in that can only be read any more. One query."""
    return _cards(user, room__archived_at__isnull=False)


def _cards(user: Person, **which: Any) -> list[RoomCard]:
    if not user.is_authenticated:
        return []
    memberships = (
        Membership.objects.filter(user=user, **which)
        .exclude(role=Membership.Role.BANNED)
        .select_related("room")
        .order_by(F("room__last_message_at").desc(nulls_last=True), "room_id")
    )
    return [
        RoomCard(
            id=m.room.pk,
            slug=m.room.slug,
            kind=m.room.kind,
            name=m.room.title_for(user.get_username()),
            description=m.room.description,
            unread_count=max(0, m.room.last_number - m.read_number),
            last_message_at=m.room.last_message_at,
        )
        for m in memberships
    ]


def public_rooms(user: Person) -> list[Room]:
    """The public rooms that the person could join, by name. One query."""
    if not isinstance(user, User):
        return []
    return list(
        Room.objects.filter(kind=Room.Kind.PUBLIC, archived_at=None)
        .exclude(memberships__user=user)
        .annotate(member_count=Count("memberships", filter=~Q(memberships__role=Membership.Role.BANNED)))
        .order_by("name")[:100]
    )


def room_for(user: Person, slug: str) -> Seat:
    """The room with this slug, for this person. Two queries, of staff three.

    Raises:
        RoomNotFound: there is none, or it is private and they are not in it.
        Banned: the room is public and they are banned from it.
    """
    return _seat(user, slug=slug)


def room_by_id(user: Person, room_id: int, *, missing: type[ChatError] = RoomNotFound) -> Seat:
    """As `room_for`, by the room's id: what sockets and streams know. `missing` is raised for RoomNotFound."""
    try:
        return _seat(user, pk=room_id)
    except RoomNotFound as error:
        raise missing from error


def may_read_room(user: Any, key: str) -> bool:
    """Whether the person may read the stream `room:<key>`."""
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        return False
    try:
        room_by_id(user, int(key))
    except (RoomNotFound, Banned):
        return False
    return True


def _seat(user: Person, **lookup: Any) -> Seat:
    if isinstance(user, User) and user.is_staff:
        # A socket's user was loaded when it opened, and may have stopped being staff since.
        user = User.objects.filter(pk=user.pk).first() or user
    if not isinstance(user, User) or not user.is_active:
        raise RoomNotFound
    room = Room.objects.filter(**lookup).first()
    if room is None:
        raise RoomNotFound
    return seat_in(room, user, Membership.objects.filter(room=room, user=user).first(), timezone.now())


def seat_in(room: Room, user: User, membership: Membership | None, now: datetime) -> Seat:
    """The person's seat in a room that is loaded already; raises as `room_for`."""
    standing = standing_in(room, user, membership, now)
    if standing in (Standing.VISITOR, Standing.BANNED) and room.kind != Room.Kind.PUBLIC:
        raise RoomNotFound
    if standing == Standing.BANNED:
        raise Banned
    return Seat(room, user, membership, standing)


def standing_in(room: Room, user: User, membership: Membership | None, now: datetime) -> Standing:
    """How the person's role in the room counts now."""
    return standing_of(
        membership.role if membership else None,
        is_muted=membership is not None and membership.is_muted(now),
        is_staff=keeps(user, room),
    )


def keeps(user: User, room: Room) -> bool:
    """Whether the person keeps the room as one who runs the site."""
    return user.is_staff and room.kind == Room.Kind.PUBLIC


def seat_of_staff(room: Room, user: User) -> Seat:
    """Staff's seat in any room, private ones too: for the admin alone, whose own rights say who gets that far."""
    return Seat(room, user, None, Standing.STAFF)
