"""What was deleted is not replayed, neither from the database nor from a server's memory."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from chat import services
from chat.models import Mention
from chat.services.digest import notify_rooms, send_digests
from notifications import kinds
from notifications.models import Contact, Delivery, Event, Notification
from notifications.outbox.announcing import announce
from notifications.rendering import render
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


def test_what_was_deleted_or_edited_stands_in_no_inbox_digest_or_mail(client) -> None:
    asha, ravi = make_user("asha"), make_user("ravi")
    room = make_room(asha, ravi)
    gone = post(room, asha, "@ravi a secret word")
    mended = post(room, asha, "@ravi a mistake")
    Mention.objects.update(created_at=timezone.now() - timedelta(minutes=11))
    send_digests()
    announce(list(Delivery.objects.filter(channel="push").select_related("notification__user")))
    digest = Notification.objects.get(user=ravi, kind="chat_digest")
    sent = Delivery.objects.get(notification__kind="chat_mention", notification__key=f"message:{gone.pk}")
    Delivery.objects.filter(pk=sent.pk).update(subject="asha mentioned you", body="@ravi a secret word")

    services.delete_message(seat=seat(asha, room), message=gone)
    services.edit_message(seat=seat(asha, room), message=mended, body="@ravi in order")

    client.force_login(ravi)
    inbox = client.get("/inbox/").content.decode()
    assert "This message was deleted." in inbox
    assert "@ravi in order" in inbox
    mail = render("email", kinds.get("chat_digest"), Notification.objects.get(pk=digest.pk), Contact(user=ravi))
    assert "asha in " in mail.body
    stored = [*Notification.objects.values_list("data", flat=True), *Event.objects.values_list("data", flat=True)]
    for text in (inbox, mail.body, mail.html, json.dumps(stored), *Delivery.objects.values_list("body", flat=True)):
        assert "secret" not in text
        assert "mistake" not in text
    of_ravi = Event.objects.filter(stream__name=f"inbox:{ravi.pk}").values_list("type", "data__id")
    assert {pk for kind, pk in of_ravi if kind == "notification.changed"} == {
        *Notification.objects.filter(user=ravi, kind="chat_mention").values_list("pk", flat=True),
        digest.pk,
    }


def test_telling_everyone_otherwise_costs_the_same_for_many_as_for_few(django_assert_max_num_queries) -> None:
    asha = make_user("asha")
    room = make_room(asha, *(make_user() for _ in range(30)))
    message = post(room, asha, "@room a secret word")
    notify_rooms()
    with django_assert_max_num_queries(40):
        services.delete_message(seat=seat(asha, room), message=message)
    assert "secret" not in json.dumps(list(Notification.objects.values_list("data", flat=True)))
