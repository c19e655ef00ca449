"""Making rooms, changing them, coming and going."""

from django.contrib.auth.models import User

from chat import queries, services
from chat.calls.registry import Result, call, seat_of
from chat.params import Params


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
        seat=seat_of(user, params), name=params.text("name"), description=params.text("description", "")
    )
    return {}


@call("chat.archive")
def archive(user: User, params: Params) -> Result:
    services.archive_room(seat=seat_of(user, params), on=params.flag("on", default=True))
    return {}


@call("chat.join")
def join(user: User, params: Params) -> Result:
    services.join_room(seat=seat_of(user, params))
    return {}


@call("chat.leave")
def leave(user: User, params: Params) -> Result:
    services.leave_room(seat=seat_of(user, params))
    return {}


@call("chat.alert")
def alert(user: User, params: Params) -> Result:
    services.set_alert(seat=seat_of(user, params), alert=params.text("alert"))
    return {}


@call("chat.public_rooms")
def public_rooms(user: User, params: Params) -> Result:
    """The public rooms that the person is not in, by name; 100 at most."""
    return {
        "rooms": [
            {"id": room.pk, "slug": room.slug, "name": room.name, "description": room.description}
            for room in queries.public_rooms(user)
        ]
    }


@call("chat.people")
def people(user: User, params: Params) -> Result:
    """Who is in a room, owners first, 200 at most; who is banned is told to those who may ban."""
    seat = seat_of(user, params)
    return {
        "people": [
            {
                "user_id": member.user_id,
                "user": member.user.get_username(),
                "role": member.role,
                "muted_until": member.muted_until.isoformat() if member.muted_until else None,
            }
            for member in queries.members_of(seat)
        ],
        "banned": [member.user.get_username() for member in queries.banned_from(seat)],
    }
