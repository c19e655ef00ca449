"""Calls by plain POST, slash commands, rooms about things, and what the clock tells."""

from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone
from django.utils.html import strip_tags

from chat import calls, clock, commands, errors, services, topics
from chat.consumers import ChatConsumer
from chat.models import Membership, Mention, Message, Room
from chat.services.digest import notify_rooms, send_digests
from notifications.models import Delivery, Notification
from notifications.outbox.delivering import deliver
from tests.chat.factories import make_member, make_room, make_user, post, seat
from tests.notifications.mail_server import MailServer

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}
SEND = "/rooms/calls/chat.send/"


# --- Calls by POST -----------------------------------------------------------------------------------------


def test_every_call_goes_by_socket_too() -> None:
    assert set(calls.CALLS) <= set(ChatConsumer.rpc_methods)


def test_a_form_makes_any_call_and_goes_on(client, asha, room) -> None:
    message = post(room, asha, "before")
    back = room.get_absolute_url()
    answer = client.post("/rooms/calls/chat.edit/", {"id": message.pk, "body": "after", "next": back})
    assert (answer.status_code, answer.url) == (302, back)
    message.refresh_from_db()
    assert message.body == "after"
    made = client.post("/rooms/calls/chat.create_room/", {"name": "Trees", "private": "on"})
    assert made.url == "/rooms/trees/"
    assert Room.objects.get(slug="trees").kind == Room.Kind.PRIVATE


def test_a_script_makes_any_call_and_gets_json(client, asha, room) -> None:
    answer = client.post("/rooms/calls/chat.history/", {"room": room.pk}, headers=JSON)
    assert answer.json() == {"messages": [], "has_older": False, "has_newer": False}
    refused = client.post("/rooms/calls/chat.history/", {"room": "x"}, headers=JSON)
    assert (refused.status_code, refused.json()["parameter"]) == (422, "room")


def test_a_refused_form_goes_back_with_the_words(client, asha, room) -> None:
    answer = client.post(
        "/rooms/calls/chat.invite/", {"room": room.pk, "user": "nobody", "next": "/rooms/"}, follow=True
    )
    assert "There is no one called nobody." in answer.content.decode()


def test_who_reacted_is_told_to_those_who_may_read_the_room(asha, ravi, room) -> None:
    message = post(room, asha)
    for user, emoji in ((ravi, "👍"), (asha, "👍"), (asha, "🎉")):
        calls.CALLS["chat.react"](user, calls.Params({"id": message.pk, "emoji": emoji}))
    told = calls.CALLS["chat.reactions"](ravi, calls.Params({"id": message.pk}))
    both = [{"emoji": "👍", "users": ["ravi", "asha"]}, {"emoji": "🎉", "users": ["asha"]}]
    assert told == {"reactions": both}
    Room.objects.update(kind=Room.Kind.PRIVATE)
    with pytest.raises(errors.MessageNotFound):
        calls.CALLS["chat.reactions"](make_user(), calls.Params({"id": message.pk}))


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_a_form_goes_nowhere_else(client, asha, room, next_) -> None:
    answer = client.post("/rooms/calls/chat.leave/", {"room": room.pk, "next": next_})
    assert answer.url == "/rooms/"


def test_no_such_call_and_no_session_and_no_token_are_refused(client, asha, room) -> None:
    assert client.post("/rooms/calls/chat.nothing/").status_code == 404
    client.logout()
    assert client.post("/rooms/calls/chat.leave/", {"room": room.pk}).url.startswith("/accounts/login/")
    strict = type(client)(enforce_csrf_checks=True)
    strict.force_login(asha)
    assert strict.post("/rooms/calls/chat.leave/", {"room": room.pk}).status_code == 403
    assert Membership.objects.filter(user=asha).exists()


def test_the_pages_of_a_room_open(client, asha, room) -> None:
    message = post(room, asha, "samosas on friday")
    services.pin_message(seat=seat(asha, room), message=message)
    services.invite_by_link(seat=seat(asha, room))
    for path, words in {
        f"/rooms/{room.slug}/people/": "Make a link",
        f"/rooms/{room.slug}/settings/": "Archive the room",
        f"/rooms/{room.slug}/moderation/": "What was done here",
        f"/rooms/{room.slug}/pins/": "samosas",
        "/rooms/search/?q=samosas": "<mark>samosas</mark> on friday",
        f"/rooms/search/?q=samosas&room={room.slug}": "Search in",
        "/rooms/search/?q=nothing": "No message has these words",
        "/rooms/new/": "Open the room",
        "/rooms/invite/any-token/": "You are invited",
    }.items():
        assert words in client.get(path).content.decode(), path
    today = timezone.localdate()
    assert client.get(f"/rooms/{room.slug}/at/?day={today}").url == f"/rooms/{room.slug}/1/"
    assert client.get(f"/rooms/{room.slug}/at/?day={today + timedelta(days=1)}").url == room.get_absolute_url()
    assert client.get(f"/rooms/{room.slug}/at/?day=tomorrow").status_code == 422


def test_the_audit_list_says_what_was_done_to_whom_and_how_far(client, asha, room) -> None:
    meera = make_user("meera")
    make_member(room, meera)
    name = room.name
    services.mute(seat=seat(asha, room), username="meera", minutes=10)
    services.set_role(seat=seat(asha, room), username="meera", role="moderator")
    services.set_slow_mode(seat=seat(asha, room), seconds=30)
    services.change_room(seat=seat(asha, room), name="Elms", description=room.description)
    services.create_webhook(seat=seat(asha, room), name="Build bot")
    page = client.get(f"/rooms/{room.slug}/moderation/").content.decode()
    words = " ".join(unescape(strip_tags(page)).split())
    for said in (
        "Muted meera for 10 minutes",
        "Changed the role of meera from member to moderator",
        "Set slow mode from 0 to 30 seconds between messages",
        f"Renamed or described the room from “{name}” to “Elms”",
        "Made a webhook “Build bot”",
    ):
        assert said in words


def test_a_script_finds_what_it_can_act_on(client, asha, ravi, room) -> None:
    def ask(call: str, **params: object) -> dict:
        return calls.CALLS[f"chat.{call}"](asha, calls.Params({"room": room.pk, **params}))

    zoya = make_user("zoya")
    said = post(room, ravi, "buy this")
    services.report_message(seat=seat(asha, room), message=said, reason="spam")
    services.ban(seat=seat(asha, room), username="zoya")
    url = ask("invite_link")["url"]
    made = ask("create_webhook", name="Bot")["webhook"]
    [report] = ask("reports")["reports"]
    assert (report["message"], report["author"], report["body"]) == (said.pk, "ravi", "buy this")
    assert ask("handle_report", report=report["report"]) == {}
    assert ask("reports") == {"reports": []}
    [invitation] = ask("invitations")["invitations"]
    assert (invitation["url"], invitation["user"], invitation["uses"]) == (url, "asha", 0)
    assert ask("revoke_invitation", invitation=invitation["invitation"]) == {}
    assert ask("invitations") == {"invitations": []}
    assert ask("webhooks") == {"webhooks": [{"webhook": made, "name": "Bot", "last_used_at": None}]}
    people = ask("people")
    assert [(one["user"], one["role"]) for one in people["people"]] == [("asha", "owner"), ("ravi", "member")]
    assert people["banned"] == ["zoya"]
    assert [entry["text"] for entry in ask("audit")["entries"]][-2:] == ["Made an invitation link", "Banned zoya"]
    assert calls.CALLS["chat.people"](ravi, calls.Params({"room": room.pk}))["banned"] == []
    for name in ("reports", "audit", "webhooks"):
        with pytest.raises(errors.NotAllowed):
            calls.CALLS[f"chat.{name}"](ravi, calls.Params({"room": room.pk}))
    other = make_room(ravi, name="Trees")
    make_room(ravi, kind=Room.Kind.PRIVATE)
    assert [one["id"] for one in calls.CALLS["chat.public_rooms"](zoya, calls.Params({}))["rooms"]] == [other.pk]


def test_a_new_room_is_opened_by_its_form(client, asha) -> None:
    assert client.post("/rooms/new/", {"name": "Trees", "kind": "private"}).url == "/rooms/trees/"
    assert "This field is required" in client.post("/rooms/new/", {"kind": "public"}).content.decode()


def test_an_invitation_is_accepted_by_its_page(client, asha) -> None:
    owner = make_user()
    room = make_room(owner, kind=Room.Kind.PRIVATE)
    link = services.invite_by_link(seat=seat(owner, room))
    assert room.name not in client.get(link.get_absolute_url()).content.decode()
    assert client.post(link.get_absolute_url()).url == room.get_absolute_url()
    assert client.get(room.get_absolute_url()).status_code == 200


NUL = {
    "chat.names": {"start": "\x00"},
    "chat.search": {"words": "\x00"},
    "chat.invite": {"user": "a\x00"},
    "chat.mute": {"user": "a\x00", "minutes": 5},
    "chat.ban": {"user": "a\x00"},
    "chat.set_role": {"user": "a\x00", "role": "member"},
    "chat.open_direct": {"people": ["a\x00"]},
    "chat.accept": {"token": "\x00"},
    "chat.alert": {"alert": "\x00"},
    "chat.send": {"body": "a\x00"},
}


@pytest.mark.parametrize("name", NUL)
def test_a_nul_anywhere_is_refused_in_words(asha, room, name) -> None:
    with pytest.raises(errors.ChatError, match="NUL"):
        calls.CALLS[name](asha, calls.Params({"room": room.pk, **NUL[name]}))


@pytest.mark.parametrize("path", ["/rooms/invite/a%00b/", "/rooms/about/problem/a%00b/", "/rooms/search/?q=%00"])
def test_a_nul_in_an_address_is_no_fault_of_the_server(client, asha, path) -> None:
    assert client.get(path).status_code in (200, 404)
    assert client.post(path).status_code in (302, 404, 405)


def test_an_invitation_is_accepted_by_call(asha) -> None:
    owner = make_user()
    hidden = make_room(owner, kind=Room.Kind.PRIVATE)
    url = calls.CALLS["chat.invite_link"](owner, calls.Params({"room": hidden.pk}))["url"]
    token = url.strip("/").rsplit("/", 1)[-1]
    assert calls.CALLS["chat.accept"](asha, calls.Params({"token": token}))["room"] == hidden.pk
    with pytest.raises(errors.InvitationInvalid):
        calls.CALLS["chat.accept"](asha, calls.Params({"token": token + "x"}))


# --- Commands ----------------------------------------------------------------------------------------------


@pytest.fixture
def echo(monkeypatch):
    known = dict(commands._commands)
    monkeypatch.setattr(commands, "_commands", known)
    commands.register(
        commands.Command("echo", "words", "Say it", lambda given: commands.Answer(post=f"> {given.argument}"))
    )


def test_pay_opens_the_filled_form_and_posts_and_pays_nothing(client, asha, room) -> None:
    answer = client.post(SEND, {"room": room.pk, "body": "/pay @ravi ₹100"}, headers={"Accept": "text/html"})
    assert answer.url == "/wallet/send/?to=ravi&amount=100"
    page = client.get(answer.url).content.decode()
    assert 'value="ravi"' in page
    assert 'value="100"' in page
    assert not Message.objects.exists()


@pytest.mark.parametrize("body", ["/pay", "/pay ravi 100", "/pay @ravi", "/pay @nobody 100", "/pay @ravi 1 2"])
def test_an_incomplete_command_says_how_it_is_written(client, asha, room, body) -> None:
    answer = client.post(SEND, {"room": room.pk, "body": body}, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "command_invalid")
    assert not Message.objects.exists()


def test_a_command_may_post_in_the_name_of_who_gave_it(echo, asha, room) -> None:
    result = calls.send(asha, calls.Params({"room": room.pk, "body": "/echo hello"}))
    assert Message.objects.get(pk=result["id"]).body == "> hello"


def test_a_retried_command_posts_once_and_is_carried_out_once(monkeypatch, asha, room) -> None:
    done: list[int] = []
    monkeypatch.setattr(commands, "_commands", {})
    answer = commands.Answer(post="code", then=lambda posted: done.append(posted.id))
    commands.register(commands.Command("do", "", "", lambda given: answer))
    params = calls.Params({"room": room.pk, "body": "/do", "client_id": "0b8f3f0e-7c5b-4a52-9a39-3f1f8a1f7d55"})
    assert calls.send(asha, params) == calls.send(asha, params)
    assert done == [Message.objects.get().pk]


def test_what_is_no_command_is_a_message(asha, room) -> None:
    for body in ("/usr/bin is a path", "/", "//pay", " /pay @ravi 1", "/2 of it", "/पे"):
        calls.send(asha, calls.Params({"room": room.pk, "body": body}))
    assert Message.objects.count() == 6


@pytest.mark.parametrize("body", ["/pya @ravi 100", "/payment", "/nosuch\nthing"])
def test_a_slip_in_a_command_is_not_said_to_the_room(client, asha, room, body) -> None:
    answer = client.post(SEND, {"room": room.pk, "body": body}, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_command")
    assert not Message.objects.exists()


def test_a_command_needs_the_right_to_read_the_room(echo, asha) -> None:
    hidden = make_room(make_user(), kind=Room.Kind.PRIVATE)
    with pytest.raises(errors.RoomNotFound):
        calls.send(asha, calls.Params({"room": hidden.pk, "body": "/echo hello"}))


# --- Rooms about things ------------------------------------------------------------------------------------


@pytest.fixture
def things(monkeypatch):
    known = {"a+b": topics.Topic("A plus B", "The first problem", "/judge/problems/a+b/")}
    monkeypatch.setattr(topics, "_finders", {})
    topics.register("thing", lambda user, key: known.get(key))


def test_a_thing_has_one_room_made_by_the_first_who_enters(client, asha, things) -> None:
    url = "/rooms/about/thing/a+b/"
    assert "No one has yet" in client.get(url).content.decode()
    assert not Room.objects.exists()
    assert client.post(url).url == client.post(url).url == client.get(url).url == "/rooms/a-plus-b/"
    page = client.get("/rooms/a-plus-b/").content.decode()
    assert "/judge/problems/a+b/" in page
    assert Room.objects.get().key == "thing:a+b"
    for missing in ("/rooms/about/thing/other/", "/rooms/about/nothing/a+b/"):
        assert client.post(missing).status_code == 404


# --- The clock ---------------------------------------------------------------------------------------------


def away(minutes: int = 15) -> None:
    Mention.objects.update(created_at=timezone.now() - timedelta(minutes=minutes))


def test_everyone_of_a_room_mention_finds_it_in_the_inbox_soon(room, asha, ravi) -> None:
    make_member(room, make_user("meera"))
    post(room, asha, "@room the tea is ready")
    assert not Notification.objects.exists()
    assert (notify_rooms(), notify_rooms()) == (2, 0)
    assert set(Notification.objects.values_list("user__username", flat=True)) == {"ravi", "meera"}


def test_who_is_away_gets_one_digest_of_all_that_waits(room, asha, ravi) -> None:
    direct = services.open_direct(starter=asha, usernames=["ravi"])
    for i in range(4):
        post(room, asha, f"@ravi number {i}")
        post(direct, asha, f"direct {i}")
    assert send_digests() == 0
    away()
    assert (send_digests(), send_digests()) == (1, 0)
    digest = Notification.objects.get(kind="chat_digest")
    assert (digest.user, digest.data["count"], digest.data["rooms"]) == (ravi, 8, [room.name, "asha"])
    post(room, asha, "@ravi and another")
    away()
    assert send_digests() == 0  # not twice in an hour
    Notification.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert send_digests() == 1


def test_ten_mentions_are_one_mail(room, asha, ravi, settings) -> None:
    """To the mail server: the mentions are in the inbox at once, and by e-mail there is the digest alone."""
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", server.port, False
        for i in range(10):
            post(room, asha, f"@ravi number {i}")
        assert Notification.objects.filter(user=ravi, kind="chat_mention").count() == 10
        away()
        send_digests()
        send_digests()
        emails = Delivery.objects.filter(notification__user=ravi, channel="email")
        deliver("email", list(emails.values_list("pk", flat=True)))
    [mail] = server.mails
    assert mail.recipients == ["ravi@example.org"]
    assert mail.message["subject"] == "10 messages for you in chat"
    text = mail.message.get_body(("plain",)).get_content()
    assert all(f"@ravi number {i}" in text for i in range(10))


def test_what_was_read_in_the_room_waits_in_the_inbox_no_longer(asha, ravi, room) -> None:
    other = make_room(asha, ravi)
    for where in (room, room, other):
        post(where, asha, "@ravi look")
    waiting = Notification.objects.filter(user=ravi, read_at=None)
    services.mark_read(seat=seat(ravi, room), number=1)
    assert [one.url for one in waiting.order_by("pk")] == [f"/rooms/{room.slug}/2/", f"/rooms/{other.slug}/1/"]
    services.mark_read(seat=seat(ravi, room), number=2)
    assert [one.url for one in waiting] == [f"/rooms/{other.slug}/1/"]


def test_who_has_read_it_or_may_no_longer_is_left_alone(room, asha, ravi) -> None:
    post(room, asha, "@ravi one")
    services.mark_read(seat=seat(ravi, room), number=1)
    away()
    assert send_digests() == 0
    post(room, asha, "@ravi two")
    Membership.objects.filter(user=ravi).delete()
    away()
    assert send_digests() == 0
    assert not Notification.objects.filter(kind="chat_digest").exists()


def test_a_deleted_message_is_in_no_digest(room, asha, ravi) -> None:
    message = post(room, asha, "@ravi a secret")
    services.delete_message(seat=seat(asha, room), message=message)
    away()
    assert send_digests() == 0


def test_the_clock_knows_these_tasks() -> None:
    names = {task.__name__ for _, task in clock.TASKS}
    assert names == {"notify_rooms", "send_digests", "sweep_stray", "sweep_unsent"}
