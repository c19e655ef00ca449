from typing import Any

from django import conf
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from chat import commands, queries, services, tools, topics
from chat.emoji import PICKER, SHORTCODES
from chat.errors import ChatError, MessageNotFound
from chat.forms import RoomForm
from chat.models import Message
from chat.names import clean_name
from chat.params import Params
from chat.rendering import plain
from chat.roles import Action
from chat.search import passage
from chat.views.answers import UNSENT, answering, seat_for, user_of
from notifications import streams


@login_required
@require_GET
def rooms(request: HttpRequest) -> HttpResponse:
    """The person's rooms, and the public ones to join."""
    return render(
        request,
        "chat/rooms.html",
        {
            "rooms": queries.rooms_of(request.user),
            "public_rooms": queries.public_rooms(request.user),
            "archived": queries.archived_rooms_of(request.user),
        },
    )


@login_required
@require_GET
@answering
def room(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    """A room at its newest messages, or around one of them."""
    seat = seat_for(request, slug)
    # Before the messages: the page's script knows by its id an event that comes in between.
    last_seq = streams.last_seq(seat.room.stream)
    history = queries.history_of(seat) if number is None else queries.history_around(seat, number)
    if number is not None and number not in {message.number for message in history.messages}:
        raise MessageNotFound
    read_number = seat.membership.read_number if seat.membership else None
    return render(
        request,
        "chat/room.html",
        {
            "seat": seat,
            "room": seat.room,
            "history": history,
            "lines": history.lines(read_number=read_number, mine=seat.user.pk),
            "last_seq": last_seq,
            "at_number": number,
            "may_post": seat.may(Action.POST),
            "may": {action.value: seat.may(action) for action in Action},
            "may_pin": seat.may(Action.PIN) or (seat.is_direct and seat.may(Action.POST)),
            "max_bytes": Message.MAX_BODY_BYTES,
            "max_files": Message.MAX_FILES,
            "max_file_bytes": conf.settings.CHAT_MAX_FILE_BYTES,
            "zone": timezone.get_current_timezone_name(),
            "picker": PICKER,
            "commands": commands.all_commands(),
            "topic": topics.of_room(seat.user, seat.room.key),
            "tools": _tools(seat),
            "report_count": queries.open_report_count(seat),
            "emoji": SHORTCODES,
            "unsent": request.session.pop(UNSENT, ""),
        },
    )


def _tools(seat: queries.Seat) -> list[tuple[tools.Tool, str]]:
    """What the room's menu offers besides: to those who are in it."""
    if seat.membership is None:
        return []
    others = queries.others_in(seat, tools.MOST_PEOPLE)
    return tools.links(tools.RoomOfPeople(seat.title, tuple(others)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Open a room."""
    form = RoomForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            made = services.create_room(
                owner=user_of(request),
                name=wanted["name"],
                description=wanted["description"],
                is_private=wanted["kind"] == "private",
            )
        except ChatError as error:
            form.add_error(None, str(error))
        else:
            return redirect(made)
    return render(request, "chat/new.html", {"form": form})


@login_required
@require_GET
@answering
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is in a room, and how others come in."""
    seat = seat_for(request, slug)
    lists = {
        "members": queries.members_of(seat),
        "banned": queries.banned_from(seat),
        "invitations": queries.invitations_of(seat),
        "now": timezone.now(),
    }
    return _around(request, "chat/people.html", seat, **lists)


@login_required
@require_GET
@answering
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """What can be set in a room: one's own alerts, and for those who may, the room itself."""
    seat = seat_for(request, slug)
    return _around(request, "chat/settings.html", seat, webhooks=queries.webhooks_of(seat))


@login_required
@require_GET
@answering
def keeping(request: HttpRequest, slug: str) -> HttpResponse:
    """For those who keep a room: what was reported, and what was done."""
    seat = seat_for(request, slug)
    reports = queries.reports_of(seat)
    return _around(request, "chat/keeping.html", seat, reports=reports, audit=queries.audit_of(seat))


@login_required
@require_GET
@answering
def pins(request: HttpRequest, slug: str) -> HttpResponse:
    seat = seat_for(request, slug)
    return _around(request, "chat/pins.html", seat, lines=queries.pins_of(seat).lines())


def _around(request: HttpRequest, template: str, seat: queries.Seat, **context: Any) -> HttpResponse:
    """One of the pages around a room, under its tabs."""
    shared = {
        "seat": seat,
        "room": seat.room,
        "may": {action.value: seat.may(action) for action in Action},
        "report_count": queries.open_report_count(seat),
    }
    return render(request, template, shared | context)


@login_required
@require_GET
@answering
def at_day(request: HttpRequest, slug: str) -> HttpResponse:
    """Jump to a day: its first message, or the newest page where nothing came after."""
    seat = seat_for(request, slug)
    number = queries.number_at(seat, Params(request.GET.dict()).day("day"))
    return redirect("chat:message", slug, number) if number else redirect(seat.room)


@login_required
@require_GET
@answering
def search(request: HttpRequest) -> HttpResponse:
    """Messages by their words, in one room (`room`) or in all of the person's."""
    words = clean_name(request.GET.get("q", ""))[:100]
    slug = request.GET.get("room", "")
    seat = seat_for(request, slug) if slug else None
    found = queries.search_messages(request.user, words, seat=seat) if words else []
    lines = [(message, passage(plain(message.html), words)) for message in found]
    return render(request, "chat/search.html", {"words": words, "seat": seat, "found": lines})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation's page; a POST comes in. That it works shows only then, so the page tells nothing of the room."""
    if request.method == "POST":
        return redirect(services.accept_invitation(user=user_of(request), token=clean_name(token)))
    return render(request, "chat/invitation.html", {"token": token})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering
def topic(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """The discussion of a thing elsewhere in the house: made by the first who enters it (POST), else shown."""
    key = clean_name(key)
    found = topics.find(user_of(request), kind, key)
    if found is None:
        raise Http404("There is nothing to discuss here.")
    existing = queries.room_of_topic(f"{kind}:{key}")
    if existing is None and request.method != "POST":
        return render(request, "chat/topic.html", {"topic": found})
    discussion = existing or services.open_topic_room(
        key=f"{kind}:{key}", name=found.name, description=found.description
    )
    return redirect(discussion)
