"""Rooms and who is in them."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from chat import events
from chat.errors import InvalidRoom, LastOwner, PersonNotFound
from chat.models import AuditEntry, Membership, Message, Room
from chat.names import clean_name
from chat.queries import Seat
from chat.roles import Action
from chat.services.audit import record
from chat.services.mentions import settle_mentions
from notifications import streams

MAX_ROOMS_PER_DAY = 20
"""Rooms that one person may create in a day."""
MAX_DIRECTS_PER_DAY = 100
"""Direct messages that one person may start in a day, each with other people."""
MAX_DIRECT_PEOPLE = 8
"""People in one exchange of direct messages, its starter among them."""


def create_room(*, owner: User, name: str, description: str = "", is_private: bool = False) -> Room:
    """Open a room, owned by its maker. Raises InvalidRoom."""
    name, description = _checked(name, description)
    if _opened_today(owner).exclude(kind=Room.Kind.DIRECT).count() >= MAX_ROOMS_PER_DAY:
        raise InvalidRoom("You opened many rooms today. Come back tomorrow.")
    kind = Room.Kind.PRIVATE if is_private else Room.Kind.PUBLIC
    return _create(Room(kind=kind, name=name, description=description, created_by=owner), owner)


def open_direct(*, starter: User, usernames: list[str]) -> Room:
    """The direct messages of these people, made when they first write to each other.

    Raises:
        PersonNotFound: one of the names is no one's.
        InvalidRoom: no one else is named, or too many are, or too many were started today.
    """
    names = set(usernames) - {starter.get_username()}
    people = list(User.objects.filter(username__in=names, is_active=True))
    if missing := names - {person.get_username() for person in people}:
        raise PersonNotFound(f"There is no one called {sorted(missing)[0]}.")
    if not people or len(people) >= MAX_DIRECT_PEOPLE:
        raise InvalidRoom(f"Name one to {MAX_DIRECT_PEOPLE - 1} other people.")
    everyone = sorted([starter, *people], key=lambda person: person.pk)
    key = ":".join(["direct", *(str(person.pk) for person in everyone)])
    found = Room.objects.filter(key=key).first()
    if found is not None:
        return found
    if _opened_today(starter).filter(kind=Room.Kind.DIRECT).count() >= MAX_DIRECTS_PER_DAY:
        raise InvalidRoom("You started many direct messages today. Come back tomorrow.")
    name = ", ".join(sorted(person.get_username() for person in everyone))[:80]
    room = Room(kind=Room.Kind.DIRECT, key=key, name=name, slug=_random_slug("direct"), created_by=starter)
    try:
        with transaction.atomic():
            room.save()
            Membership.objects.bulk_create(Membership(room=room, user=person) for person in everyone)
    except IntegrityError:  # the other one wrote first, at the same moment
        return Room.objects.get(key=key)
    return room


def open_topic_room(*, key: str, name: str, description: str = "") -> Room:
    """The public room of a thing elsewhere in the house, such as `problem:two-sum`, made when first asked for."""
    found = Room.objects.filter(key=key).first()
    if found is not None:
        return found
    room = Room(kind=Room.Kind.PUBLIC, key=key, name=name[:80], description=description[:300])
    try:
        return _create(room, None)
    except IntegrityError:
        return Room.objects.get(key=key)


@transaction.atomic
def change_room(*, seat: Seat, name: str, description: str) -> Room:
    """Rename and describe a room."""
    seat.require(Action.DESCRIBE)
    if seat.is_direct:
        raise InvalidRoom("Direct messages have the names of the people in them.")
    name, description = _checked(name, description)
    room = _locked(seat)
    if (room.name, room.description) != (name, description):
        before = {"name": room.name, "description": room.description}
        record(seat, "room.described", before=before, after={"name": name, "description": description})
        room.name, room.description = name, description
        room.save(update_fields=["name", "description"])
        streams.append(room.stream, [events.room_changed(room)])
    return room


@transaction.atomic
def archive_room(*, seat: Seat, on: bool = True) -> Room:
    """Close a room for writing, or open it again."""
    seat.require(Action.ARCHIVE)
    room = _locked(seat)
    if room.is_archived != on:
        room.archived_at = timezone.now() if on else None
        room.save(update_fields=["archived_at"])
        record(seat, "room.archived" if on else "room.unarchived")
        streams.append(room.stream, [events.room_changed(room)])
    return room


@transaction.atomic
def join_room(*, seat: Seat) -> Membership:
    """Make a visitor of a public room its member; what came before they joined counts as read."""
    if seat.membership is not None:
        return seat.membership
    seat.require(Action.JOIN)
    return add_member(seat.room, seat.user)


def add_member(room: Room, user: User) -> Membership:
    """Put someone into a room, once, and tell the room. Who comes back finds their mute and pace as they were."""
    membership = Membership.objects.filter(room=room, user=user).first()
    if membership is not None:
        return membership
    membership, created = Membership.objects.get_or_create(
        room=room, user=user, defaults={"read_number": room.last_number, **_left_behind(room, user)}
    )
    if created:
        streams.append(room.stream, [events.member_joined(user_id=user.pk, user=user.get_username())])
    return membership


def _left_behind(room: Room, user: User) -> dict[str, datetime | None]:
    """What an earlier membership would still hold them to: leaving and joining again ends no mute and no wait."""
    now = timezone.now()
    muting = AuditEntry.objects.filter(room=room, subject=user, action__in=["member.muted", "member.unmuted"])
    last = muting.order_by("-created_at", "-pk").first()
    muted_until = last.created_at + timedelta(minutes=last.details.get("minutes", 0)) if last else None
    # The index of a room's days serves both; slow mode waits an hour at most.
    lately = Message.objects.filter(room=room, author=user, created_at__gt=now - timedelta(hours=1))
    last_sent_at = lately.aggregate(at=Max("created_at"))["at"]
    in_last_minute = lately.filter(created_at__gt=now - timedelta(minutes=1)).count()
    pace = timedelta(minutes=1) / settings.CHAT_MESSAGES_PER_MINUTE
    return {
        "muted_until": muted_until if muted_until and muted_until > now else None,
        "last_sent_at": last_sent_at,
        "paced_until": now + pace * in_last_minute if in_last_minute else None,
    }


@transaction.atomic
def leave_room(*, seat: Seat) -> None:
    """Take oneself out of a room. Raises LastOwner where no other owner stays."""
    if seat.membership is None:
        return
    seat.require(Action.LEAVE)
    if seat.is_direct:
        raise InvalidRoom("Direct messages cannot be left; you can turn their alerts off.")
    if seat.membership.role == Membership.Role.OWNER:
        need_another_owner(seat.room, seat.user)
    seat.membership.delete()
    if seat.room.kind == Room.Kind.PRIVATE:
        streams.revoke(user_id=seat.user.pk, stream=seat.room.stream)
    streams.append(seat.room.stream, [events.member_left(user_id=seat.user.pk, user=seat.user.get_username())])


def need_another_owner(room: Room, user: User) -> None:
    """Raise LastOwner where this one is the only owner; the lock keeps two owners from going at once."""
    owners = Membership.objects.select_for_update().filter(room=room, role=Membership.Role.OWNER)
    if not [owner for owner in owners if owner.user_id != user.pk]:
        raise LastOwner


def mark_read(*, seat: Seat, number: int) -> int:
    """Move a person's read position forward, never back, on all their devices; answers where it stands now.

    What called them up to there is read in their inbox too.
    """
    if seat.membership is None:
        return 0
    number = min(number, seat.room.last_number)
    with transaction.atomic():
        moved = Membership.objects.filter(pk=seat.membership.pk, read_number__lt=number).update(read_number=number)
        if moved:
            data = {"room": seat.room.pk, "number": number, "unread": seat.room.last_number - number}
            streams.append(f"inbox:{seat.user.pk}", [("room.read", data)])
            settle_mentions(seat.room, seat.user, number)
    return max(number, seat.membership.read_number)


def set_alert(*, seat: Seat, alert: str) -> None:
    """When a room may call this person: on mentions, or never. Raises InvalidRoom for another word."""
    if alert not in Membership.Alert.values:
        raise InvalidRoom("Alerts are for mentions or for nothing.")
    if seat.membership is not None:
        Membership.objects.filter(pk=seat.membership.pk).update(alert=alert)


def _opened_today(user: User) -> "QuerySet[Room]":
    return Room.objects.filter(created_by=user, created_at__gt=timezone.now() - timedelta(days=1))


def _create(room: Room, owner: User | None) -> Room:
    with transaction.atomic():
        room.slug = _free_slug(room.name)
        room.save()
        if owner is not None:
            Membership.objects.create(room=room, user=owner, role=Membership.Role.OWNER)
    return room


def _locked(seat: Seat) -> Room:
    return Room.objects.select_for_update(no_key=True).get(pk=seat.room.pk)


def _checked(name: str, description: str) -> tuple[str, str]:
    name, description = clean_name(name), clean_name(description)
    if not name:
        raise InvalidRoom("Give the room a name.")
    if len(name) > 80:
        raise InvalidRoom("A room's name has at most 80 characters.")
    if len(description) > 300:
        raise InvalidRoom("A room's description has at most 300 characters.")
    return name, description


def _free_slug(name: str) -> str:
    """The name as an address; a private room's address tells of no other room, so a taken one gets random letters."""
    slug = slugify(name)[:50]
    if not slug or slug.isdigit() or slug in Room.RESERVED_SLUGS or Room.objects.filter(slug=slug).exists():
        return _random_slug(slug)
    return slug


def _random_slug(start: str) -> str:
    return f"{start or 'room'}-{secrets.token_hex(4)}"
