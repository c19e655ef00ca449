"""A person's webhooks on their pages: added, turned off and on, given a new secret, replayed from the log, removed."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from notifications.models import Webhook, WebhookDelivery
from notifications.services import add_webhook
from notifications.webhooks.sending import send_due
from tests.notifications.factories import make_person
from tests.notifications.gateway import Gateway
from tests.notifications.test_webhooks import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> User:
    return make_person("asha")


@pytest.fixture
def webhook(gateway: Gateway, asha: User) -> Webhook:
    """One that said no to one event, which was given up, and then yes to two."""
    made = add_webhook(owner=asha, url=f"{gateway.url}/hook", names=[])
    gateway.answers["/hook"] = (500, {}, "broken")
    publish(asha)
    send_due()
    WebhookDelivery.objects.update(state="dead", due_at=None)
    gateway.answers.clear()
    publish(asha)
    publish(asha)
    send_due()
    return made


@pytest.fixture
def asha_client(client: Client, asha: User) -> Client:
    client.force_login(asha)
    return client


def address(webhook: Webhook) -> str:
    return f"/inbox/webhooks/{webhook.pk}/"


def change(client: Client, webhook: Webhook, fields: dict[str, Any]) -> str:
    answer = client.post(f"{address(webhook)}change/", fields, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def states() -> list[str]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("state", flat=True))


def test_one_is_added_and_shown_with_its_secret(asha_client: Client, gateway: Gateway, asha: User) -> None:
    page = asha_client.get("/inbox/webhooks/").content.decode()
    assert 'value="transfer.completed"' in page
    assert "announcement.sent" not in page  # which staff alone hear of
    fields: dict[str, Any] = {"url": f"{gateway.url}/new", "names": ["transfer.completed", "no.such"]}
    assert asha_client.post("/inbox/webhooks/", fields).status_code == 422
    fields["names"] = ["transfer.completed", "submission.judged"]
    page = asha_client.post("/inbox/webhooks/", fields, follow=True).content.decode()
    made = Webhook.objects.get(owner=asha)
    assert made.names == ["submission.judged", "transfer.completed"]
    assert made.secret in page
    assert "Nothing yet" in page
    assert f"{gateway.url}/new" in asha_client.get("/inbox/webhooks/").content.decode()


def test_a_bad_address_is_refused_beside_its_field(asha_client: Client, settings: Any) -> None:
    answer = asha_client.post("/inbox/webhooks/", {"url": "https://127.0.0.1/"})
    assert answer.status_code == 422
    assert "not a public address" in answer.content.decode()
    assert not Webhook.objects.exists()


def test_the_log_tells_of_each_and_replays_one_by_its_button(asha_client: Client, webhook: Webhook) -> None:
    page = asha_client.get(address(webhook)).content.decode()
    assert "broken" in page
    buttons = re.findall(r'<button[^>]* name="one" value="(\d+)"', page)
    newest, middle, oldest = buttons
    assert [int(pk) for pk in buttons] == list(WebhookDelivery.objects.order_by("-pk").values_list("pk", flat=True))
    # The boxes of other rows may be ticked: a row's own button means that row.
    assert "1 on their way again." in change(asha_client, webhook, {"one": middle, "delivery": [newest, oldest]})
    assert states() == ["dead", "pending", "sent"]
    page = asha_client.get(address(webhook)).content.decode()
    assert re.findall(r'name="one" value="(\d+)"', page) == [newest, oldest]  # what is on its way has none


def test_a_row_sent_again_arrives_with_the_same_id(asha_client: Client, webhook: Webhook, gateway: Gateway) -> None:
    dead = WebhookDelivery.objects.get(state="dead")
    change(asha_client, webhook, {"one": str(dead.pk)})
    assert send_due() == 1
    assert states() == ["sent", "sent", "sent"]
    assert gateway.calls[-1].headers["webhook-id"] == gateway.calls[0].headers["webhook-id"]


def test_the_chosen_are_sent_again_or_with_none_chosen_all_that_were_given_up(
    asha_client: Client, webhook: Webhook
) -> None:
    sent = list(WebhookDelivery.objects.filter(state="sent").values_list("pk", flat=True))
    assert "2 on their way again." in change(asha_client, webhook, {"action": "replay", "delivery": sent})
    assert states() == ["dead", "pending", "pending"]
    assert "1 on their way again." in change(asha_client, webhook, {"action": "replay"})
    assert states() == ["pending", "pending", "pending"]


@pytest.mark.parametrize("value", ["x", "-1", "0", "9" * 30, "²"])
def test_a_row_that_is_not_there_sends_nothing(asha_client: Client, webhook: Webhook, value: str) -> None:
    assert "nothing to send again" in change(asha_client, webhook, {"one": value})
    assert states() == ["dead", "sent", "sent"]


def test_a_row_of_another_webhook_is_left_alone(asha_client: Client, webhook: Webhook, asha: User) -> None:
    other = add_webhook(owner=asha, url=webhook.url, names=[])
    dead = WebhookDelivery.objects.get(state="dead")
    assert "nothing to send again" in change(asha_client, other, {"one": str(dead.pk)})
    assert states() == ["dead", "sent", "sent"]


def test_it_is_turned_off_and_on_gets_a_new_secret_and_is_removed(asha_client: Client, webhook: Webhook) -> None:
    change(asha_client, webhook, {"action": "off"})
    assert not Webhook.objects.get().is_active
    change(asha_client, webhook, {"action": "on"})
    assert Webhook.objects.get().is_active
    change(asha_client, webhook, {"action": "secret"})
    assert Webhook.objects.get().secret != webhook.secret
    change(asha_client, webhook, {"action": "remove"})
    assert not Webhook.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_another_persons_is_not_there(client: Client, webhook: Webhook) -> None:
    stranger = make_person("ravi")
    assert client.get("/inbox/webhooks/").status_code == 302
    assert client.get(address(webhook)).status_code == 302
    client.force_login(stranger)
    dead = WebhookDelivery.objects.get(state="dead")
    assert client.get(address(webhook)).status_code == 404
    for fields in ({"one": dead.pk}, {"action": "replay"}, {"action": "remove"}, {"action": "secret"}):
        assert client.post(f"{address(webhook)}change/", fields).status_code == 404
    assert client.get(f"{address(webhook)}change/").status_code == 405
    assert states() == ["dead", "sent", "sent"]
