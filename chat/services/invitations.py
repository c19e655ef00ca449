"""Ways into a private room: a link, or a person's name."""

import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from chat.errors import Banned, InvalidRoom, InvitationInvalid, PersonNotFound
from chat.models import Invitation, Membership, Room
from chat.queries import Seat
from chat.roles import Action
from chat.services.audit import record
from chat.services.gate import spend
from chat.services.rooms import add_member
from notifications.services import notify

KIND = "chat_invitation"
VALID_FOR = timedelta(days=7)
MAX_USES = 50
TOKEN_BYTES = 32


@transaction.atomic
def invite_by_link(*, seat: Seat) -> Invitation:
    """A link that anyone may use, for a week and so many times."""
    seat.require(Action.INVITE)
    _not_direct(seat)
    spend(seat)
    invitation = _make(seat, None, MAX_USES)
    record(seat, "invitation.link")
    return invitation


@transaction.atomic
def invite_by_name(*, seat: Seat, username: str) -> Invitation:
    """Invite one person, who finds it in their inbox. Raises PersonNotFound, Banned, InvalidRoom, TooFast."""
    seat.require(Action.INVITE)
    _not_direct(seat)
    invitee = User.objects.filter(username=username.strip().lstrip("@"), is_active=True).first()
    if invitee is None:
        raise PersonNotFound(f"There is no one called {username.strip()}.")
    membership = Membership.objects.filter(room=seat.room, user=invitee).first()
    if membership is not None:
        if membership.role == Membership.Role.BANNED:
            raise Banned(f"{invitee.get_username()} is banned from this room.")
        raise InvalidRoom(f"{invitee.get_username()} is in this room already.")
    open_ones = Invitation.objects.filter(room=seat.room, invitee=invitee, revoked_at=None, uses=0)
    if open_ones.filter(expires_at__gt=timezone.now()).exists():
        raise InvalidRoom(f"{invitee.get_username()} is invited already.")
    spend(seat)
    invitation = _make(seat, invitee, 1)
    notify(
        user=invitee,
        kind=KIND,
        key=f"invitation:{invitation.pk}",
        data={"inviter": seat.user.get_username(), "room": seat.room.name},
        url=invitation.get_absolute_url(),
    )
    record(seat, "invitation.person", subject=invitee)
    return invitation


@transaction.atomic
def accept_invitation(*, user: User, token: str) -> Room:
    """Come in by an invitation. Raises InvitationInvalid; a banned person is told the same."""
    invitation = Invitation.objects.select_related("room").filter(token=token).first()
    if invitation is None or (invitation.invitee_id not in (None, user.pk)):
        raise InvitationInvalid
    membership = Membership.objects.filter(room=invitation.room, user=user).first()
    if membership is not None:
        if membership.role == Membership.Role.BANNED:
            raise InvitationInvalid
        return invitation.room
    # Counted by a conditional update, so that no two people share the last use.
    taken = Invitation.objects.filter(
        pk=invitation.pk, revoked_at=None, expires_at__gt=timezone.now(), uses__lt=F("max_uses")
    ).update(uses=F("uses") + 1)
    if not taken or invitation.room.is_archived:
        raise InvitationInvalid
    add_member(invitation.room, user)
    return invitation.room


@transaction.atomic
def revoke_invitation(*, seat: Seat, invitation_id: int) -> None:
    """End an invitation: one's own, or any where one keeps the room."""
    seat.require(Action.INVITE)
    invitations = Invitation.objects.filter(room=seat.room, pk=invitation_id, revoked_at=None)
    if not seat.may(Action.BAN):
        invitations = invitations.filter(created_by=seat.user)
    if not invitations.update(revoked_at=timezone.now()):
        raise InvitationInvalid
    record(seat, "invitation.revoked")


def _make(seat: Seat, invitee: User | None, max_uses: int) -> Invitation:
    return Invitation.objects.create(
        room=seat.room,
        token=secrets.token_urlsafe(TOKEN_BYTES),
        invitee=invitee,
        created_by=seat.user,
        expires_at=timezone.now() + VALID_FOR,
        max_uses=max_uses,
    )


def _not_direct(seat: Seat) -> None:
    if seat.is_direct:
        raise InvalidRoom("No one can be added to direct messages. Start new ones with all of you.")
