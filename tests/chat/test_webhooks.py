"""Incoming webhooks: programs that speak in a room by their own address."""

import json

import pytest

from chat import services
from chat.models import Message, Webhook
from tests.chat.factories import seat

pytestmark = pytest.mark.django_db


def hook(client, token: str, payload: object) -> object:
    body = payload if isinstance(payload, bytes) else json.dumps(payload)
    return client.post(f"/rooms/hooks/{token}/", body, content_type="application/json")


def test_a_program_speaks_by_its_webhook_until_it_is_disabled(client, room, asha) -> None:
    webhook, token = services.create_webhook(seat=seat(asha, room), name="Build bot")
    client.logout()
    answer = hook(client, token, {"text": "Build **passed** <script>"})
    assert answer.status_code == 201
    message = Message.objects.get()
    assert (message.author, message.sender_name) == (None, "Build bot")
    assert message.html == "<p>Build <strong>passed</strong> &lt;script&gt;</p>\n"
    assert token not in str(list(Webhook.objects.values()))
    services.disable_webhook(seat=seat(asha, room), webhook_id=webhook.pk)
    assert hook(client, token, {"text": "again"}).status_code == hook(client, "x" * 43, {"text": "again"}).status_code
    assert hook(client, token, {"text": "again"}).json()["code"] == "webhook_invalid"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"not json", "message_invalid"),
        ([], "message_invalid"),
        ({}, "message_invalid"),
        ({"text": 5}, "message_invalid"),
        ({"text": " "}, "message_empty"),
        ({"text": "a" * 9000}, "message_too_long"),
        (b'{"text": "\\ud800"}', "message_invalid"),
    ],
)
def test_a_bad_payload_is_refused_in_words(client, room, asha, payload, code) -> None:
    _, token = services.create_webhook(seat=seat(asha, room), name="bot")
    answer = hook(client, token, payload)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_webhook_keeps_the_pace_and_an_archived_room_closed(client, room, asha, settings) -> None:
    settings.CHAT_MESSAGES_AT_ONCE = 2
    _, token = services.create_webhook(seat=seat(asha, room), name="bot")
    assert [hook(client, token, {"text": "x"}).status_code for _ in range(3)] == [201, 201, 429]
    Webhook.objects.update(paced_until=None)
    services.archive_room(seat=seat(asha, room))
    assert hook(client, token, {"text": "x"}).json()["code"] == "room_archived"


def test_the_address_of_a_webhook_is_shown_once_on_the_page(client, asha, room) -> None:
    here = f"/rooms/{room.slug}/settings/"
    fields = {"room": room.pk, "name": "Build bot", "next": here}
    page = client.post("/rooms/calls/chat.create_webhook/", fields, follow=True).content.decode()
    assert "/rooms/hooks/" in page
    assert "/rooms/hooks/" not in client.get(here).content.decode()
