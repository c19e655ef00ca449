"""The `chat.*` calls on a real socket, with the client that a stranger would write from docs/live.md."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connections

from chat import services
from chat.models import Membership, Message, Room
from tests.chat.factories import make_room, make_user, post, seat
from tests.notifications.live import live_client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asha():
    return make_user("asha")


def wait_for(client, method: str, seconds: float = 8) -> dict:
    """The params of the next notification of that method."""
    deadline = time.monotonic() + seconds
    while True:
        for notice in client.notices:
            if notice["method"] == method:
                client.notices.remove(notice)
                return notice["params"]
        client.receive(max(0.01, deadline - time.monotonic()))


def test_a_message_is_answered_and_comes_to_everyone_in_the_stream(daphne, room, asha, ravi) -> None:
    client_id = str(uuid4())
    with live_client(daphne.ws_url, asha) as hers, live_client(daphne.ws_url, ravi) as his:
        for client in (hers, his):
            client.call("streams.subscribe", stream=room.stream)
        first = hers.call("chat.send", room=room.pk, body="Hello **Ravi**", client_id=client_id)
        again = hers.call("chat.send", room=room.pk, body="Hello **Ravi**", client_id=client_id)
        assert again == first
        assert first["client_id"] == client_id
        for client in (hers, his):
            while not client.events:
                client.receive()
            [event] = client.events
            assert (event["seq"], event["type"]) == (1, "message.posted")
            assert event["data"]["html"] == "<p>Hello <strong>Ravi</strong></p>\n"
    assert Message.objects.count() == 1


def test_what_one_socket_sends_at_once_is_stored_in_the_order_of_sending(daphne, room, asha, settings) -> None:
    with live_client(daphne.ws_url, asha) as client:
        for i in range(20):
            params = {"room": room.pk, "body": str(i), "client_id": str(uuid4())}
            client.socket.send(json.dumps({"jsonrpc": "2.0", "id": 1000 + i, "method": "chat.send", "params": params}))
        client.answer_to(1019)
    assert list(Message.objects.order_by("number").values_list("body", flat=True)) == [str(i) for i in range(20)]


def test_many_sockets_on_two_servers_make_one_order_without_gaps(live_server_factory, room) -> None:
    servers = live_server_factory(2)
    people = [make_user() for _ in range(6)]
    for person in people:
        Membership.objects.create(room=room, user=person)

    def talk(place: int) -> None:
        with live_client(servers[place % 2].ws_url, people[place]) as client:
            for i in range(10):
                client.call("chat.send", room=room.pk, body=f"{place} {i}", client_id=str(uuid4()))
        connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(talk, range(6)))
    stored = list(Message.objects.order_by("number").values_list("number", "body"))
    assert [number for number, _ in stored] == list(range(1, 61))
    for place in range(6):
        mine = [body for _, body in stored if body.startswith(f"{place} ")]
        assert mine == [f"{place} {i}" for i in range(10)]
    with live_client(servers[0].ws_url, people[0]) as client:
        client.call("streams.subscribe", stream=room.stream, after=0)
        while len(client.events) < 60:
            client.receive()
    assert [event["data"]["number"] for event in client.events] == list(range(1, 61))


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"body": "hi"}, "invalid_params"),
        ({"room": "x", "body": "hi"}, "invalid_params"),
        ({"room": True, "body": "hi"}, "invalid_params"),
        ({"room": 10**30, "body": "hi"}, "invalid_params"),
        ({"room": 10**9, "body": "hi"}, "room_not_found"),
        ({"room": "ROOM", "body": 5}, "invalid_params"),
        ({"room": "ROOM", "body": ""}, "message_empty"),
        ({"room": "ROOM", "body": "a" * 9000}, "message_too_long"),
        ({"room": "ROOM", "body": "hi", "client_id": "x"}, "invalid_params"),
        ({"room": "ROOM", "body": "hi", "reply_to": 10**9}, "message_not_found"),
        ({"room": "ROOM", "body": "hi", "files": ["x"]}, "invalid_params"),
        ({"room": "ROOM", "body": "hi", "files": {}}, "message_posted"),
    ],
)
def test_a_bad_call_is_refused_with_its_code_and_the_socket_lives(daphne, room, asha, params, code) -> None:
    params = {key: room.pk if value == "ROOM" else value for key, value in params.items()}
    with live_client(daphne.ws_url, asha) as client:
        answer = client.ask("chat.send", **params)
        if code == "message_posted":
            assert "result" in answer
        else:
            assert answer["error"]["data"]["code"] == code
            assert answer["error"]["message"]
        assert client.call("chat.send", room=room.pk, body="still here")["number"]


def test_a_private_room_and_no_room_answer_alike_on_every_call(daphne, asha) -> None:
    stranger = make_user()
    hidden = make_room(stranger, kind=Room.Kind.PRIVATE)
    message = post(hidden, stranger)
    in_a_room = [
        "history",
        "read",
        "names",
        "watch",
        "pins",
        "join",
        "leave",
        "archive",
        "mute",
        "ban",
        "invite_link",
        "create_webhook",
        "people",
        "invitations",
        "reports",
        "audit",
        "webhooks",
    ]
    of_a_message = ["edit", "delete", "react", "pin", "source", "thread", "report"]
    fields = {"number": 1, "body": "x", "emoji": "👍", "user": "asha", "minutes": 1, "name": "x"}
    with live_client(daphne.ws_url, asha) as client:

        def code_of(method: str, **which: int) -> str:
            return client.ask(f"chat.{method}", **fields, **which)["error"]["data"]["code"]

        for method in in_a_room:
            assert [code_of(method, room=id_) for id_ in (hidden.pk, 10**9)] == ["room_not_found"] * 2, method
        for method in of_a_message:
            assert [code_of(method, id=id_) for id_ in (message.pk, 10**9)] == ["message_not_found"] * 2, method


def test_a_banned_person_stops_hearing_and_writing_at_once(daphne, room, asha, ravi) -> None:
    with live_client(daphne.ws_url, ravi) as his:
        his.call("streams.subscribe", stream=room.stream)
        his.call("chat.watch", room=room.pk)
        services.ban(seat=seat(asha, room), username="ravi")
        assert his.ask("chat.send", room=room.pk, body="still?")["error"]["data"]["code"] == "banned"
        assert wait_for(his, "revoked")["stream"] == room.stream
        heard = len(his.events)
        post(room, asha, "not for ravi")
        assert his.call("ping") == {}
        time.sleep(0.5)
        his.call("ping")
        assert len(his.events) == heard


def test_the_whole_conversation_goes_by_socket(daphne, room, asha, ravi) -> None:
    with live_client(daphne.ws_url, asha) as hers, live_client(daphne.ws_url, ravi) as his:
        id_ = hers.call("chat.send", room=room.pk, body="teh tea")["id"]
        assert his.call("chat.source", id=id_) == {"body": "teh tea"}
        hers.call("chat.edit", id=id_, body="the tea")
        his.call("chat.react", id=id_, emoji="👍")
        his.call("chat.send", room=room.pk, body="thanks", reply_to=id_)
        hers.call("chat.pin", id=id_)
        history = his.call("chat.history", room=room.pk)
        first, second = history["messages"]
        assert (first["pinned"], first["reply_count"], first["reactions"]) == (
            True,
            1,
            [{"emoji": "👍", "count": 1, "mine": True}],
        )
        assert second["reply"]["text"] == "the tea"
        assert len(his.call("chat.thread", id=second["id"])["messages"]) == 2
        assert [m["id"] for m in his.call("chat.pins", room=room.pk)["messages"]] == [id_]
        assert [m["id"] for m in his.call("chat.search", words="tea")["messages"]] == [id_]
        assert his.call("chat.read", room=room.pk, number=2) == {"number": 2}
        assert his.call("chat.rooms")["rooms"][0]["unread"] == 0
        hers.call("chat.delete", id=id_)
        assert his.call("chat.history", room=room.pk)["messages"][0]["deleted"] is True


def test_a_read_position_moves_forward_only_and_tells_the_other_devices(daphne, room, asha, ravi) -> None:
    for i in range(3):
        post(room, ravi, str(i))
    with live_client(daphne.ws_url, asha) as desk, live_client(daphne.ws_url, asha) as phone:
        phone.call("streams.subscribe", stream=f"inbox:{asha.pk}")
        desk.call("chat.read", room=room.pk, number=2)
        assert desk.call("chat.read", room=room.pk, number=1) == {"number": 2}
        assert desk.call("chat.read", room=room.pk, number=99) == {"number": 3}
        while len(phone.events) < 2:
            phone.receive()
    assert [(e["type"], e["data"]) for e in phone.events] == [
        ("room.read", {"room": room.pk, "number": 2, "unread": 1}),
        ("room.read", {"room": room.pk, "number": 3, "unread": 0}),
    ]


def test_presence_and_typing_cross_servers_and_end_by_themselves(live_server_factory, room, asha, ravi) -> None:
    first, second = live_server_factory(2)
    with live_client(first.ws_url, asha) as hers:
        assert [one["user"] for one in hers.call("chat.watch", room=room.pk)["online"]] == ["asha"]
        with live_client(second.ws_url, ravi) as his:
            his.call("chat.watch", room=room.pk)
            while wait_for(hers, "chat.presence")["count"] != 2:
                pass
            his.call("chat.typing", room=room.pk)
            assert wait_for(hers, "chat.typing")["user"] == "ravi"
            assert not [notice for notice in his.notices if notice["method"] == "chat.typing"]
        while wait_for(hers, "chat.presence")["count"] != 1:
            pass


def test_a_visitor_cannot_type_and_no_one_types_where_they_do_not_look(daphne, room) -> None:
    with live_client(daphne.ws_url, make_user()) as client:
        assert client.ask("chat.typing", room=room.pk)["error"]["data"]["code"] == "not_allowed"
        client.call("chat.watch", room=room.pk)
        assert client.ask("chat.typing", room=room.pk)["error"]["data"]["code"] == "not_a_member"
