"""What one reads."""

from django.contrib.auth.models import User

from chat import events, queries, services
from chat.calls.registry import Result, call, seat_of
from chat.params import Params


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
    seat = seat_of(user, params)
    if params.has("around"):
        page = queries.history_around(seat, params.whole("around"))
    else:
        before = params.whole("before") if params.has("before") else None
        after = params.whole("after") if params.has("after") else None
        page = queries.history_of(seat, before=before, after=after)
    return {"messages": page.data(), "has_older": page.has_older, "has_newer": page.has_newer}


@call("chat.thread")
def thread(user: User, params: Params) -> Result:
    seat, message = queries.message_for(user, params.id("id"))
    return {"messages": queries.thread_of(seat, message).data()}


@call("chat.reactions")
def reactions(user: User, params: Params) -> Result:
    """Who reacted to a message, by emoji."""
    seat, message = queries.message_for(user, params.id("id"))
    found = queries.reactors_of(seat, message)
    return {"reactions": [{"emoji": emoji, "users": names} for emoji, names in found.items()]}


@call("chat.pins")
def pins(user: User, params: Params) -> Result:
    return {"messages": queries.pins_of(seat_of(user, params)).data()}


@call("chat.at")
def at_day(user: User, params: Params) -> Result:
    """The number of the first message from a day on, or null."""
    return {"number": queries.number_at(seat_of(user, params), params.day("day"))}


@call("chat.search")
def search(user: User, params: Params) -> Result:
    """All `words`, in one `room` or in all of the person's rooms; the newest 50."""
    seat = seat_of(user, params) if params.has("room") else None
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
    return {"names": queries.names_like(seat_of(user, params), params.text("start", ""))}


@call("chat.read")
def read(user: User, params: Params) -> Result:
    """How far the person has read, on all their devices."""
    return {"number": services.mark_read(seat=seat_of(user, params), number=params.whole("number"))}
