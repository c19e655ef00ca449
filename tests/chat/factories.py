"""Small makers of people and rooms."""

from itertools import count

from django.contrib.auth.models import User

from chat import queries, services
from chat.models import Membership, Message, Room
from chat.queries import Seat
from notifications import streams

_numbers = count(1)


def make_user(name: str = "") -> User:
    username = name or f"person{next(_numbers)}"
    return User.objects.create_user(username, f"{username}@example.org", "pass")


def make_room(*members: User, kind: str = Room.Kind.PUBLIC, **fields: object) -> Room:
    """A room whose first member owns it."""
    n = next(_numbers)
    room = Room.objects.create(kind=kind, **{"name": f"Room {n}", "slug": f"room-{n}", **fields})
    for i, user in enumerate(members):
        make_member(room, user, Membership.Role.MEMBER if i else Membership.Role.OWNER)
    return room


def make_member(room: Room, user: User, role: str = Membership.Role.MEMBER, **fields: object) -> Membership:
    return Membership.objects.create(room=room, user=user, role=role, **fields)


def seat(user: User, room: Room) -> Seat:
    return queries.room_by_id(user, room.pk)


def post(room: Room, author: User, body: str = "hello", **fields: object) -> Message:
    posted = services.post_message(room=room, author=author, body=body, **fields)
    return Message.objects.get(pk=posted.id)


def told(room: Room) -> list[tuple[str, dict]]:
    """The events of the room's stream."""
    found = streams.read(room.stream, after=0)
    assert isinstance(found, streams.Slice)
    return [(event.type, event.data) for event in found.events]
