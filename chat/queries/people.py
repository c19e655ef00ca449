"""Who is in a room, and what was done there."""

from collections.abc import Sequence

from django.db.models import Case, F, IntegerField, Value, When
from django.utils import timezone

from chat.models import AuditEntry, Invitation, Membership, Report, Webhook
from chat.queries.rooms import Seat
from chat.roles import Action

SHOWN_MEMBERS = 200
_ORDER = [Membership.Role.OWNER, Membership.Role.MODERATOR, Membership.Role.MEMBER]


def members_of(seat: Seat) -> list[Membership]:
    """The room's people: owners first, then moderators, then by name; 200 at most."""
    seat.require(Action.READ)
    rank = Case(
        *(When(role=role, then=Value(place)) for place, role in enumerate(_ORDER)), output_field=IntegerField()
    )
    memberships = Membership.objects.filter(room=seat.room, role__in=_ORDER).select_related("user")
    return list(memberships.order_by(rank, "user__username")[:SHOWN_MEMBERS])


def banned_from(seat: Seat) -> list[Membership]:
    if not seat.may(Action.BAN):
        return []
    banned = Membership.objects.filter(room=seat.room, role=Membership.Role.BANNED)
    return list(banned.select_related("user").order_by("user__username"))


def names_like(seat: Seat, start: str) -> list[str]:
    """Members whose username starts so, for the completion of mentions; 8 at most."""
    seat.require(Action.READ)
    found = Membership.objects.filter(room=seat.room, role__in=_ORDER, user__username__istartswith=start)
    return list(found.order_by("user__username").values_list("user__username", flat=True)[:8])


def others_in(seat: Seat, at_most: int) -> list[str]:
    """The usernames of the other people in the room, by name; empty where there are more than `at_most`."""
    seat.require(Action.READ)
    others = Membership.objects.filter(room=seat.room, role__in=_ORDER, user__is_active=True).exclude(user=seat.user)
    names = list(others.order_by("user__username").values_list("user__username", flat=True)[: at_most + 1])
    return names if len(names) <= at_most else []


def audit_of(seat: Seat, limit: int = 200) -> Sequence[AuditEntry]:
    """What those who keep the room did, the newest first."""
    seat.require(Action.SEE_AUDIT)
    entries = AuditEntry.objects.filter(room=seat.room).select_related("actor", "subject", "message__room")
    return list(entries.order_by("-created_at", "-pk")[:limit])


def reports_of(seat: Seat) -> Sequence[Report]:
    """What was reported and not dealt with yet, the oldest first."""
    seat.require(Action.HANDLE_REPORTS)
    reports = Report.objects.filter(message__room=seat.room, handled_at=None)
    return list(reports.select_related("message__author", "message__room", "reporter").order_by("created_at")[:200])


def open_report_count(seat: Seat) -> int:
    """How many reports wait for those who keep the room; 0 for everyone else, without asking."""
    if not seat.may(Action.HANDLE_REPORTS):
        return 0
    return Report.objects.filter(message__room=seat.room, handled_at=None).count()


def invitations_of(seat: Seat) -> Sequence[Invitation]:
    """The links that still work: all of them for those who keep the room, one's own for the others."""
    if not seat.may(Action.INVITE):
        return []
    invitations = Invitation.objects.filter(
        room=seat.room, revoked_at=None, invitee=None, expires_at__gt=timezone.now(), uses__lt=F("max_uses")
    )
    if not seat.may(Action.BAN):
        invitations = invitations.filter(created_by=seat.user)
    return list(invitations.select_related("created_by").order_by("-created_at")[:50])


def webhooks_of(seat: Seat) -> Sequence[Webhook]:
    if not seat.may(Action.MANAGE_WEBHOOKS):
        return []
    return list(Webhook.objects.filter(room=seat.room, disabled_at=None).order_by("name"))
