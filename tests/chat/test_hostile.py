"""Hostile text by every way in, read back by every way out: it stays text."""

import json
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from chat import services
from chat.models import Message, Room
from chat.services.digest import notify_rooms
from tests.chat.factories import make_room, make_user, seat
from tests.chat.test_rendering import HOSTILE
from tests.notifications.live import get, live_client
from tests.notifications.sse import EventSource

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "\"><img src=x onerror=alert(1)><svg onload=alert(1)>'"
RUNS = {"script", "iframe", "object", "embed", "form", "style", "math", "base", "meta", "link", "image", "animate"}


class Live(HTMLParser):
    """Elements and attributes that could run something, other than those the house's own pages have."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            scheme = (value or "").strip().lower()
            if name.startswith("on") or scheme.startswith(("javascript:", "vbscript:", "data:text")):
                self.found.append(f"{tag} {name}={value}")
        if tag in RUNS or dict(attrs).get("src") == "x":
            self.found.append(f"{tag} {attrs}")


def live_parts(html: str, *, own_page: bool = False) -> list[str]:
    """What could run; a page's own forms, links and modules are the house's."""
    own = ("form ", "link ", "meta ", "script ") if own_page else ()
    return [one for one in Live(html).found if not one.startswith(own) or "alert(" in one]


@pytest.fixture
def asha() -> User:
    return make_user("asha")


@pytest.fixture
def room(asha: User, settings) -> Room:
    settings.CHAT_MESSAGES_AT_ONCE = 1000
    return make_room(asha, make_user("ravi"), name=NAME, description=NAME)


@pytest.fixture
def unpaced(live_server_factory):
    [server] = live_server_factory(1, CHAT_MESSAGES_AT_ONCE="1000")
    return server


def test_what_comes_by_socket_rpc_form_and_webhook_is_inert_on_every_transport(client, unpaced, room, asha) -> None:
    client.force_login(asha)
    _, token = services.create_webhook(seat=seat(asha, room), name=NAME[:40])
    by = {
        "socket": lambda body: socket.call("chat.send", room=room.pk, body=body),
        "call": lambda body: client.post("/rooms/calls/chat.send/", {"room": room.pk, "body": body}),
        "webhook": lambda body: client.post(
            f"/rooms/hooks/{token}/", json.dumps({"text": body}), content_type="application/json"
        ),
        "rpc": lambda body: get(
            f"{unpaced.url}/rpc/",
            asha,
            {"Content-Type": "application/json"},
            json.dumps(
                {"jsonrpc": "2.0", "id": 1, "method": "chat.send", "params": {"room": room.pk, "body": body}}
            ).encode(),
        ),
    }
    with live_client(unpaced.ws_url, asha) as socket:
        socket.call("streams.subscribe", stream=room.stream, after=0)
        for way in ("socket", "call", "webhook", "rpc"):
            for body in HOSTILE[:8] if way == "rpc" else HOSTILE:
                by[way](body)
        sent = len(HOSTILE) * 3 + 8
        assert Message.objects.count() == sent
        while len(socket.events) < sent:
            socket.receive()
        by_socket = [event["data"]["html"] for event in socket.events]
        history = socket.call("chat.history", room=room.pk)["messages"]
    _, _, body = get(f"{unpaced.url}/streams/{room.stream}/events?after=0", asha)
    by_poll = [event["data"]["html"] for event in json.loads(body)["events"]]
    with EventSource(f"{unpaced.url}/streams/{room.stream}/sse?after=0", asha) as source:
        by_stream = [source.next_data()["data"]["html"] for _ in range(sent)]
    stored = list(Message.objects.order_by("number").values_list("html", flat=True))
    assert by_socket == by_poll == by_stream == stored
    assert [html for html in (*stored, *(one["html"] for one in history)) if live_parts(html)] == []
    pages = [f"/rooms/{room.slug}/", f"/rooms/{room.slug}/{sent // 2}/", "/rooms/search/?q=alert", "/rooms/"]
    for page in [*pages, *(f"/rooms/{room.slug}/{tab}/" for tab in ("people", "settings", "moderation", "pins"))]:
        html = client.get(page).content.decode()
        assert live_parts(html, own_page=True) == [], page
        assert NAME not in html


def test_hostile_names_of_files_and_hostile_svg_are_inert(client, room, asha) -> None:
    client.force_login(asha)
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    keys = [
        services.upload_file(seat=seat(asha, room), file=SimpleUploadedFile(name, svg)).key
        for name in ("<img src=x onerror=alert(1)>.svg", 'x.svg"; filename=evil.html', "page.html")
    ]
    services.post_message(room=room, author=asha, body="", files=keys)
    assert live_parts(client.get(room.get_absolute_url()).content.decode(), own_page=True) == []
    for key in keys:
        answer = client.get(f"/rooms/files/{key}/")
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert client.get(f"/rooms/files/{key}/thumbnail/").status_code == 404


def test_hostile_text_is_inert_in_the_inbox_and_the_admin(client, room, asha) -> None:
    ravi = User.objects.get(username="ravi")
    for body in HOSTILE:
        services.post_message(room=room, author=asha, body=f"@ravi @room {body}")
    notify_rooms()
    client.force_login(ravi)
    inbox = client.get("/inbox/").content.decode()
    assert "mentioned you" in inbox
    assert live_parts(inbox, own_page=True) == []
    client.force_login(User.objects.create_superuser("staff", password="x"))
    for path in (
        "/admin/chat/message/",
        "/admin/chat/room/",
        f"/admin/chat/message/{Message.objects.first().pk}/change/",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        html = answer.content.decode()
        assert "&lt;script&gt;" in html or "room" in path, path
        assert "<img src=x" not in html
        assert "<script>alert" not in html
