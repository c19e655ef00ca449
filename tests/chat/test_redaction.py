"""What was deleted is not replayed, neither from the database nor from a server's memory."""

import json

import pytest

from chat import services
from tests.chat.factories import make_room, make_user, post, seat
from tests.notifications.live import get, live_client
from tests.servers.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_deleted_text_leaves_the_memory_of_every_server(live_server_factory) -> None:
    asha = make_user("asha")
    room = make_room(asha)
    first, second = live_server_factory(2)
    with live_client(first.ws_url, asha) as here, live_client(second.ws_url, asha) as there:
        for client in (here, there):
            client.call("streams.subscribe", stream=room.stream)
        sent = here.call("chat.send", room=room.pk, body="a secret word")
        here.call("chat.send", room=room.pk, body="another", reply_to=sent["id"])
        for client in (here, there):
            while len(client.events) < 2:
                client.receive()
        here.call("chat.delete", id=sent["id"])

        def replayed() -> list[str]:
            texts = []
            for server in (first, second):
                with live_client(server.ws_url, asha) as late:
                    late.call("streams.subscribe", stream=room.stream, after=0)
                    while len(late.events) < 3:
                        late.receive()
                    texts.append(json.dumps(late.events))
            return texts

        wait_until(lambda: "secret" not in "".join(replayed()), seconds=5, what="the redaction on both servers")
        assert [event["type"] for event in here.events[:2]] == ["message.posted"] * 2
        for server in (first, second):
            _, _, body = get(f"{server.url}/streams/{room.stream}/events?after=0", asha)
            assert b"secret" not in body
            assert len(json.loads(body)["events"]) == 3


def test_a_subscriber_who_is_a_little_behind_is_not_sent_away_by_a_redaction(daphne) -> None:
    asha = make_user("asha")
    room = make_room(asha)
    message = post(room, asha, "a secret word")
    with live_client(daphne.ws_url, asha) as client:
        client.call("streams.subscribe", stream=room.stream, after=0)
        services.delete_message(seat=seat(asha, room), message=message)
        while not client.events or client.events[-1]["type"] != "message.deleted":
            client.receive()
        assert client.call("ping") == {}
