"""Everything one can do in chat, by name: the socket (JSON-RPC) and plain POST (chat/views/calls.py) share it.

Each call takes the person and checked parameters, loads with permission, and makes one service call.
docs/chat.md lists them with their parameters.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from chat import commands, events, queries, services
from chat.errors import ChatError, UnknownCommand
from chat.params import Params
from chat.services import Draft, Posted

Result = dict[str, Any]
Call = Callable[[User, Params], Result]

CALLS: dict[str, Call] = {}


def call(name: str) -> Callable[[Call], Call]:
    def register(function: Call) -> Call:
        CALLS[name] = function
        return function

    return register


def draft_of(user: User, params: Params) -> Draft:
    """The message of `chat.send`: `{room, body, client_id?, reply_to?, files?}`."""
    return Draft(
        author=user,
        body=params.body("body", ""),
        client_id=params.optional_uuid("client_id"),
        reply_to=params.optional_id("reply_to"),
        files=params.uuids("files"),
    )


def _seat(user: User, params: Params) -> queries.Seat:
    return queries.room_by_id(user, params.id("room"))


# --- Messages ----------------------------------------------------------------------------------------------


@call("chat.send")
def send(user: User, params: Params) -> Result:
    draft = draft_of(user, params)
    seat = _seat(user, params)
    if commands.parse(draft.body):
        return run_command(user, params)
    return _outcome_of(seat, draft).as_dict()


def run_command(user: User, params: Params) -> Result:
    """A `chat.send` of a body such as `/pay @ravi 100`: `{command: {go_to?, say?}}` and, if it posted, the message."""
    draft = draft_of(user, params)
    seat = _seat(user, params)
    parsed = commands.parse(draft.body)
    if parsed is None:
        raise UnknownCommand
    command, argument = parsed
    answer = command.run(commands.Invocation(user, seat.room.pk, argument))
    result: Result = {"command": answer.as_dict()}
    if answer.post:
        with transaction.atomic():
            posted = _outcome_of(seat, replace(draft, body=answer.post))
            if answer.then is not None and posted.is_new:
                answer.then(posted)
        result |= posted.as_dict()
    return result


def _outcome_of(seat: queries.Seat, draft: Draft) -> Posted:
    [outcome] = services.post_messages(room_id=seat.room.pk, drafts=[draft])
    if isinstance(outcome, ChatError):
        raise outcome
    return outcome


@call("chat.edit")
def edit(user: User, params: Params) -> Result:
    seat, message = queries.message_for(user, params.id("id"))
    return {"html": services.edit_message(seat=seat, message=message, body=params.body("body")).html}


@call("chat.delete")
def delete(user: User, params: Params) -> Result:
    seat, message = queries.message_for(user, params.id("id"))
    services.delete_message(seat=seat, message=message)
    return {}


@call("chat.react")
def react(user: User, params: Params) -> Result:
    seat, message = queries.message_for(user, params.id("id"))
    on = params.flag("on", default=True)
    services.react(seat=seat, message=message, emoji=params.text("emoji"), on=on)
    return {}


@call("chat.pin")
def pin(user: User, params: Params) -> Result:
    seat, message = queries.message_for(user, params.id("id"))
    services.pin_message(seat=seat, message=message, on=params.flag("on", default=True))
    return {}


@call("chat.report")
def report(user: User, params: Params) -> Result:
    seat, message = queries.message_for(user, params.id("id"))
    services.report_message(seat=seat, message=message, reason=params.text("reason", ""))
    return {}


@call("chat.versions")
def versions(user: User, params: Params) -> Result:
    """What a message said before, oldest first: for those who keep the room."""
    seat, message = queries.message_for(user, params.id("id"))
    return {
        "versions": [
            {"body": version.body, "replaced_at": version.replaced_at.isoformat()}
            for version in queries.versions_of(seat, message)
        ]
    }


@call("chat.source")
def source(user: User, params: Params) -> Result:
    """What a message was written as: for editing and quoting."""
    _, message = queries.message_for(user, params.id("id"))
    return {"body": message.body}


# --- Reading -----------------------------------------------------------------------------------------------


@call("chat.rooms")
def rooms(user: User, params: Params) -> Result:
    cards = queries.rooms_of(user)
    return {
        "rooms": [
            {"id": c.id, "slug": c.slug, "name": c.name, "kind": c.kind, "unread": c.unread_count} for c in cards
        ]
    }


@call("chat.history")
def history(user: User, params: Params) -> Result:
    """`before`, `after` or `around` a message's number, else the newest 50."""
    seat = _seat(user, params)
    if params.has("around"):
        page = queries.history_around(seat, params.whole("around"))
    else:
        before = params.whole("before") if params.has("before") else None
        after = params.whole("after") if params.has("after") else None
        page = queries.history_of(seat, before=before, after=after)
    return history_data(page)


@call("chat.thread")
def thread(user: User, params: Params) -> Result:
    seat, message = queries.message_for(user, params.id("id"))
    return {"messages": queries.thread_of(seat, message).data()}


@call("chat.pins")
def pins(user: User, params: Params) -> Result:
    return {"messages": queries.pins_of(_seat(user, params)).data()}


@call("chat.at")
def at_day(user: User, params: Params) -> Result:
    """The number of the first message from a day on, or null."""
    return {"number": queries.number_at(_seat(user, params), params.day("day"))}


@call("chat.search")
def search(user: User, params: Params) -> Result:
    """All `words`, in one `room` or in all of the person's rooms; the newest 50."""
    seat = _seat(user, params) if params.has("room") else None
    found = queries.search_messages(user, params.text("words"), seat=seat)
    return {
        "messages": [
            {**events.message_data(m), "room": m.room.title_for(user.get_username()), "url": m.get_absolute_url()}
            for m in found
        ]
    }


@call("chat.names")
def names(user: User, params: Params) -> Result:
    """Members whose names start so, for completing a mention."""
    return {"names": queries.names_like(_seat(user, params), params.text("start", ""))}


@call("chat.read")
def read(user: User, params: Params) -> Result:
    """How far the person has read, on all their devices."""
    return {"number": services.mark_read(seat=_seat(user, params), number=params.whole("number"))}


# --- Rooms -------------------------------------------------------------------------------------------------


@call("chat.create_room")
def create_room(user: User, params: Params) -> Result:
    room = services.create_room(
        owner=user,
        name=params.text("name"),
        description=params.text("description", ""),
        is_private=params.flag("private", default=False),
    )
    return {"room": room.pk, "url": room.get_absolute_url()}


@call("chat.open_direct")
def open_direct(user: User, params: Params) -> Result:
    room = services.open_direct(starter=user, usernames=params.names("people"))
    return {"room": room.pk, "url": room.get_absolute_url()}


@call("chat.change_room")
def change_room(user: User, params: Params) -> Result:
    services.change_room(
        seat=_seat(user, params), name=params.text("name"), description=params.text("description", "")
    )
    return {}


@call("chat.archive")
def archive(user: User, params: Params) -> Result:
    services.archive_room(seat=_seat(user, params), on=params.flag("on", default=True))
    return {}


@call("chat.join")
def join(user: User, params: Params) -> Result:
    services.join_room(seat=_seat(user, params))
    return {}


@call("chat.leave")
def leave(user: User, params: Params) -> Result:
    services.leave_room(seat=_seat(user, params))
    return {}


@call("chat.alert")
def alert(user: User, params: Params) -> Result:
    services.set_alert(seat=_seat(user, params), alert=params.text("alert"))
    return {}


# --- Keeping a room ----------------------------------------------------------------------------------------


@call("chat.invite_link")
def invite_link(user: User, params: Params) -> Result:
    return {"url": services.invite_by_link(seat=_seat(user, params)).get_absolute_url()}


@call("chat.invite")
def invite(user: User, params: Params) -> Result:
    services.invite_by_name(seat=_seat(user, params), username=params.text("user"))
    return {}


@call("chat.accept")
def accept(user: User, params: Params) -> Result:
    """Come in by an invitation: `token` is the last part of its address."""
    room = services.accept_invitation(user=user, token=params.text("token"))
    return {"room": room.pk, "url": room.get_absolute_url()}


@call("chat.revoke_invitation")
def revoke_invitation(user: User, params: Params) -> Result:
    services.revoke_invitation(seat=_seat(user, params), invitation_id=params.id("invitation"))
    return {}


@call("chat.set_role")
def set_role(user: User, params: Params) -> Result:
    services.set_role(seat=_seat(user, params), username=params.text("user"), role=params.text("role"))
    return {}


@call("chat.mute")
def mute(user: User, params: Params) -> Result:
    services.mute(seat=_seat(user, params), username=params.text("user"), minutes=params.whole("minutes"))
    return {}


@call("chat.ban")
def ban(user: User, params: Params) -> Result:
    services.ban(seat=_seat(user, params), username=params.text("user"))
    return {}


@call("chat.lift_ban")
def lift_ban(user: User, params: Params) -> Result:
    services.lift_ban(seat=_seat(user, params), username=params.text("user"))
    return {}


@call("chat.slow_mode")
def slow_mode(user: User, params: Params) -> Result:
    services.set_slow_mode(seat=_seat(user, params), seconds=params.whole("seconds"))
    return {}


@call("chat.handle_report")
def handle_report(user: User, params: Params) -> Result:
    services.handle_report(seat=_seat(user, params), report_id=params.id("report"))
    return {}


@call("chat.create_webhook")
def create_webhook(user: User, params: Params) -> Result:
    """The token is answered once and never again."""
    webhook, token = services.create_webhook(seat=_seat(user, params), name=params.text("name"))
    return {"webhook": webhook.pk, "token": token}


@call("chat.disable_webhook")
def disable_webhook(user: User, params: Params) -> Result:
    services.disable_webhook(seat=_seat(user, params), webhook_id=params.id("webhook"))
    return {}


def history_data(page: queries.History) -> Result:
    return {"messages": page.data(), "has_older": page.has_older, "has_newer": page.has_newer}
