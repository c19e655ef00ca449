"""What those who keep a room do in it, and the lists of what is there to be done."""

from django.contrib.auth.models import User

from chat import queries, services
from chat.calls.registry import Result, call, seat_of
from chat.params import Params
from chat.roles import Action


@call("chat.invite_link")
def invite_link(user: User, params: Params) -> Result:
    return {"url": services.invite_by_link(seat=seat_of(user, params)).get_absolute_url()}


@call("chat.invite")
def invite(user: User, params: Params) -> Result:
    services.invite_by_name(seat=seat_of(user, params), username=params.text("user"))
    return {}


@call("chat.accept")
def accept(user: User, params: Params) -> Result:
    """Come in by an invitation: `token` is the last part of its address."""
    room = services.accept_invitation(user=user, token=params.text("token"))
    return {"room": room.pk, "url": room.get_absolute_url()}


@call("chat.revoke_invitation")
def revoke_invitation(user: User, params: Params) -> Result:
    services.revoke_invitation(seat=seat_of(user, params), invitation_id=params.id("invitation"))
    return {}


@call("chat.set_role")
def set_role(user: User, params: Params) -> Result:
    services.set_role(seat=seat_of(user, params), username=params.text("user"), role=params.text("role"))
    return {}


@call("chat.mute")
def mute(user: User, params: Params) -> Result:
    services.mute(seat=seat_of(user, params), username=params.text("user"), minutes=params.whole("minutes"))
    return {}


@call("chat.ban")
def ban(user: User, params: Params) -> Result:
    services.ban(seat=seat_of(user, params), username=params.text("user"))
    return {}


@call("chat.lift_ban")
def lift_ban(user: User, params: Params) -> Result:
    services.lift_ban(seat=seat_of(user, params), username=params.text("user"))
    return {}


@call("chat.slow_mode")
def slow_mode(user: User, params: Params) -> Result:
    services.set_slow_mode(seat=seat_of(user, params), seconds=params.whole("seconds"))
    return {}


@call("chat.handle_report")
def handle_report(user: User, params: Params) -> Result:
    services.handle_report(seat=seat_of(user, params), report_id=params.id("report"))
    return {}


@call("chat.create_webhook")
def create_webhook(user: User, params: Params) -> Result:
    """The token is answered once and never again."""
    webhook, token = services.create_webhook(seat=seat_of(user, params), name=params.text("name"))
    return {"webhook": webhook.pk, "token": token}


@call("chat.disable_webhook")
def disable_webhook(user: User, params: Params) -> Result:
    services.disable_webhook(seat=seat_of(user, params), webhook_id=params.id("webhook"))
    return {}


@call("chat.invitations")
def invitations(user: User, params: Params) -> Result:
    """The links that still work: one's own, and of those who keep the room all; 50 at most."""
    return {
        "invitations": [
            {
                "invitation": invitation.pk,
                "url": invitation.get_absolute_url(),
                "user": _name(invitation.created_by) or None,
                "expires_at": invitation.expires_at.isoformat(),
                "uses": invitation.uses,
            }
            for invitation in queries.invitations_of(seat_of(user, params))
        ]
    }


@call("chat.reports")
def reports(user: User, params: Params) -> Result:
    """What was reported and waits, the oldest first, 200 at most."""
    return {
        "reports": [
            {
                "report": report.pk,
                "message": report.message_id,
                "author": report.message.sender_name,
                "body": report.body,
                "user": report.reporter.get_username(),
                "reason": report.reason,
                "at": report.created_at.isoformat(),
            }
            for report in queries.reports_of(seat_of(user, params))
        ]
    }


@call("chat.audit")
def audit(user: User, params: Params) -> Result:
    """What those who keep the room did, the newest 200 first."""
    return {
        "entries": [
            {
                "action": entry.action,
                "text": " ".join(filter(None, (entry.label, _name(entry.subject), entry.extent))),
                "user": _name(entry.actor) or None,
                "subject": _name(entry.subject) or None,
                "message": entry.message_id,
                "details": entry.details,
                "at": entry.created_at.isoformat(),
            }
            for entry in queries.audit_of(seat_of(user, params))
        ]
    }


@call("chat.webhooks")
def webhooks(user: User, params: Params) -> Result:
    """The webhooks of a room, without their tokens: for those who may make them."""
    seat = seat_of(user, params)
    seat.require(Action.MANAGE_WEBHOOKS)
    return {
        "webhooks": [
            {
                "webhook": webhook.pk,
                "name": webhook.name,
                "last_used_at": webhook.last_used_at.isoformat() if webhook.last_used_at else None,
            }
            for webhook in queries.webhooks_of(seat)
        ]
    }


def _name(user: User | None) -> str:
    return user.get_username() if user else ""
