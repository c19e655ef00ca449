"""What one says, and what one does with what was said."""

from dataclasses import replace

from django.contrib.auth.models import User
from django.db import transaction

from chat import commands, queries, services
from chat.calls.registry import Result, call, seat_of
from chat.errors import ChatError, InvalidCall
from chat.params import Params
from chat.services import Draft, Posted


def draft_of(user: User, params: Params) -> Draft:
    """The message of `chat.send`: `{room, body, client_id?, reply_to?, files?}`."""
    return Draft(
        author=user,
        body=params.body("body", ""),
        client_id=params.optional_uuid("client_id"),
        reply_to=params.optional_id("reply_to"),
        files=params.uuids("files"),
    )


@call("chat.send")
def send(user: User, params: Params) -> Result:
    draft = draft_of(user, params)
    seat = seat_of(user, params)
    if commands.parse(draft.body):
        return run_command(user, params)
    return _outcome_of(seat, draft).as_dict()


def run_command(user: User, params: Params) -> Result:
    """A `chat.send` of a body such as `/pay @ravi 100`: `{command: {go_to?, say?}}` and, if it posted, the message."""
    draft = draft_of(user, params)
    seat = seat_of(user, params)
    parsed = commands.parse(draft.body)
    if parsed is None:
        raise InvalidCall("That is no command.", parameter="body")
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
