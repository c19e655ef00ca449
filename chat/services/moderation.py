"""Keeping a room: roles, mutes, bans, slow mode, reports. Each is told to the room and written to its audit list."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from chat import events
from chat.errors import AlreadyReported, InvalidCall, MessageNotFound, NotAllowed, PersonNotFound
from chat.models import Membership, Message, Report, Room
from chat.names import clean_name
from chat.queries import Seat, keeps
from chat.rendering import excerpt
from chat.roles import Action, Standing, rank
from chat.services.audit import record
from chat.services.rooms import need_another_owner
from notifications import streams
from notifications.services import notify_many

REPORT_KIND = "chat_report"
MAX_MUTE = timedelta(days=30)


@transaction.atomic
def set_role(*, seat: Seat, username: str, role: str) -> Membership:
    """Make a member an owner, a moderator or a member. Raises LastOwner where none would be left."""
    seat.require(Action.SET_ROLE)
    if role not in (Membership.Role.OWNER, Membership.Role.MODERATOR, Membership.Role.MEMBER):
        raise InvalidCall("A role is owner, moderator or member.")
    membership = _member(seat, username)
    if membership.role == Membership.Role.BANNED:
        raise NotAllowed("Lift the ban first.")
    if membership.role == role:
        return membership
    if membership.role == Membership.Role.OWNER:
        need_another_owner(seat.room, membership.user)
    record(seat, "role.set", subject=membership.user, before=membership.role, after=role)
    membership.role = role
    return _saved(seat, membership, "role")


@transaction.atomic
def mute(*, seat: Seat, username: str, minutes: int) -> Membership:
    """Keep a member from writing for a time; 0 minutes end a mute."""
    seat.require(Action.MUTE)
    if not 0 <= minutes <= MAX_MUTE // timedelta(minutes=1):
        raise InvalidCall("A mute lasts at most 30 days.")
    membership = _below(seat, username)
    membership.muted_until = timezone.now() + timedelta(minutes=minutes) if minutes else None
    record(seat, "member.muted" if minutes else "member.unmuted", subject=membership.user, minutes=minutes)
    return _saved(seat, membership, "muted_until")


@transaction.atomic
def ban(*, seat: Seat, username: str) -> Membership:
    """Put someone out of the room for good: they neither read nor write, nor come in by an invitation."""
    seat.require(Action.BAN)
    user = _user(username)
    membership, created = Membership.objects.get_or_create(
        room=seat.room, user=user, defaults={"role": Membership.Role.BANNED}
    )
    membership = _below(seat, username)
    if not created:
        membership.role = Membership.Role.BANNED
        membership.save(update_fields=["role"])
    record(seat, "member.banned", subject=user)
    streams.append(seat.room.stream, [events.member_left(user_id=user.pk, user=user.get_username())])
    streams.revoke(user_id=user.pk, stream=seat.room.stream)
    return membership


@transaction.atomic
def lift_ban(*, seat: Seat, username: str) -> None:
    """Let a banned person come back; they join, or are invited, anew."""
    seat.require(Action.BAN)
    user = _user(username)
    lifted, _ = Membership.objects.filter(room=seat.room, user=user, role=Membership.Role.BANNED).delete()
    if lifted:
        record(seat, "member.unbanned", subject=user)


@transaction.atomic
def set_slow_mode(*, seat: Seat, seconds: int) -> Room:
    """How long a member waits between two messages; 0 ends it."""
    seat.require(Action.SLOW_MODE)
    if not 0 <= seconds <= Room.MAX_SLOW_MODE_SECONDS:
        raise InvalidCall("Slow mode is 0 seconds to one hour.")
    room = Room.objects.select_for_update(no_key=True).get(pk=seat.room.pk)
    if room.slow_mode_seconds != seconds:
        record(seat, "room.slow_mode", before=room.slow_mode_seconds, after=seconds)
        room.slow_mode_seconds = seconds
        room.save(update_fields=["slow_mode_seconds"])
        streams.append(room.stream, [events.room_changed(room)])
    return room


@transaction.atomic
def report_message(*, seat: Seat, message: Message, reason: str) -> Report:
    """Tell those who keep the room about a message. Raises AlreadyReported for a second word on it."""
    seat.require(Action.REPORT)
    if message.is_deleted:
        raise MessageNotFound
    reason = clean_name(reason)[:500]
    report, created = Report.objects.get_or_create(
        message=message, reporter=seat.user, defaults={"reason": reason, "body": message.body}
    )
    if not created:
        raise AlreadyReported
    _tell_keepers(seat, report)
    return report


def _tell_keepers(seat: Seat, report: Report) -> None:
    """Put a report into the inbox of each owner and moderator but the reporter and whom it is about.

    Where that leaves no one, as in direct messages or the room of a problem, it goes to staff.
    """
    others = User.objects.filter(is_active=True).exclude(pk__in=[report.reporter_id, report.message.author_id or 0])
    keepers = others.filter(
        memberships__room=seat.room,
        memberships__role__in=[Membership.Role.OWNER, Membership.Role.MODERATOR],
    )
    told: list[User] = [] if seat.is_direct else list(keepers)
    url = reverse("chat:keeping", args=[seat.room.slug])
    if not told:
        told = list(others.filter(is_staff=True))
        if seat.room.kind != Room.Kind.PUBLIC:  # which staff cannot enter
            url = reverse("admin:chat_report_change", args=[report.pk])
    data = {
        "reporter": report.reporter.get_username(),
        "room": seat.room.title_for(""),
        "author": report.message.sender_name,
        "text": excerpt(report.body),
        "reason": report.reason,
    }
    notify_many(users=told, kind=REPORT_KIND, key=f"report:{report.pk}", data=data, url=url)


@transaction.atomic
def handle_report(*, seat: Seat, report_id: int) -> None:
    """Mark a report as dealt with."""
    seat.require(Action.HANDLE_REPORTS)
    report = Report.objects.filter(pk=report_id, message__room=seat.room).select_related("message").first()
    if report is None:
        raise MessageNotFound("There is no such report.")
    if Report.objects.filter(pk=report.pk, handled_at=None).update(handled_at=timezone.now(), handled_by=seat.user):
        record(seat, "report.handled", subject=report.reporter, message=report.message)


def _member(seat: Seat, username: str) -> Membership:
    membership = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(room=seat.room, user__username=username)
        .first()
    )
    if membership is None:
        raise PersonNotFound(f"{username} is not in this room.")
    return membership


def _below(seat: Seat, username: str) -> Membership:
    """A member over whom the person stands; raises NotAllowed for an equal, and for oneself."""
    membership = _member(seat, username)
    is_staff = seat.standing == Standing.STAFF or keeps(seat.user, seat.room)
    mine = rank(seat.membership.role if seat.membership else None, is_staff=is_staff)
    theirs = rank(membership.role, is_staff=keeps(membership.user, seat.room))
    if membership.user_id == seat.user.pk or theirs >= mine:
        raise NotAllowed(f"You cannot do that to {username}.")
    return membership


def _user(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise PersonNotFound(f"There is no one called {username}.")
    return user


def _saved(seat: Seat, membership: Membership, field: str) -> Membership:
    membership.save(update_fields=[field])
    streams.append(seat.room.stream, [events.member_changed(membership, membership.user.get_username())])
    return membership
