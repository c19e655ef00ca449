"""Webhooks: who is told of what, the signature, retries, and where nothing is posted to."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from notifications.errors import TooManyWebhooks, UnusableUrl
from notifications.events import emit, following
from notifications.events.numbering import number_events
from notifications.models import DomainEvent, Webhook, WebhookDelivery
from notifications.outbox.retries import MAX_ATTEMPTS
from notifications.services import add_webhook, replay_webhook, set_webhook_active
from notifications.webhooks.sending import send_due, signed_request
from tests.notifications.factories import make_person
from tests.notifications.gateway import Gateway

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> User:
    return make_person("asha")


def publish(*about: User, name: str = "transfer.completed", **data: Any) -> None:
    with transaction.atomic():
        emit(name, data, about=about)
    number_events()
    following.follow("webhooks")


def the_delivery() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def make_due() -> None:
    WebhookDelivery.objects.filter(due_at__isnull=False).update(due_at=timezone.now())


def test_an_event_arrives_signed(gateway: Gateway, asha: User) -> None:
    webhook = add_webhook(owner=asha, url=f"{gateway.url}/hook?x=1", names=["transfer.completed"])
    publish(asha, amount_paise=10000, note="₹ चाय")
    assert send_due() == 1
    [call] = gateway.calls
    assert call.path == "/hook?x=1"
    payload = Verifier(webhook.secret).verify(call.body, call.headers)
    event = DomainEvent.objects.get()
    assert payload["type"] == "transfer.completed"
    assert payload["data"] == {"amount_paise": 10000, "note": "₹ चाय"}
    assert call.headers["webhook-id"] == f"evt_{event.pk}"
    delivery = the_delivery()
    assert (delivery.state, delivery.status, delivery.answer) == ("sent", 200, "ok")
    with pytest.raises(WebhookVerificationError):
        Verifier(webhook.secret).verify(call.body + b" ", call.headers)


def test_the_signature_is_that_of_the_published_vector(asha: User) -> None:
    """The example of https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""
    secret, message_id, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    signature = Verifier(secret).sign(message_id, datetime.fromtimestamp(at, UTC), '{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    webhook = Webhook(owner=asha, url="https://example.com/", secret=secret)
    event = DomainEvent(pk=7, name="x", at=datetime.fromtimestamp(at, UTC), data={})
    body, headers = signed_request(webhook, event, datetime.fromtimestamp(at, UTC))
    assert headers["webhook-timestamp"] == str(at)
    assert headers["webhook-signature"] == Verifier(secret).sign(
        "evt_7", datetime.fromtimestamp(at, UTC), body.decode()
    )


def test_people_are_told_of_what_concerns_them_and_staff_of_all(gateway: Gateway, asha: User) -> None:
    ravi, boss = make_person("ravi"), make_person("boss")
    boss.is_staff = True
    boss.save()
    for person in (asha, ravi, boss):
        add_webhook(owner=person, url=f"{gateway.url}/{person.username}", names=[])
    publish(asha)
    publish(asha, ravi, name="other.done")
    send_due()
    assert sorted(call.path for call in gateway.calls) == ["/asha", "/asha", "/boss", "/boss", "/ravi"]


def test_only_the_events_asked_for_and_only_while_it_is_on(gateway: Gateway, asha: User) -> None:
    publish(asha)  # before there was a webhook
    webhook = add_webhook(owner=asha, url=gateway.url, names=["transfer.completed"])
    publish(asha, name="other.done")
    set_webhook_active(webhook=webhook, active=False)
    publish(asha)
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("status", [500, 503, 429, 404, 301])
def test_it_is_tried_again_with_the_same_id(gateway: Gateway, asha: User, status: int) -> None:
    add_webhook(owner=asha, url=gateway.url, names=[])
    gateway.answers["/"] = (status, {"Location": f"{gateway.url}/elsewhere"}, "no")
    publish(asha)
    send_due()
    assert [call.path for call in gateway.calls] == ["/"]  # a redirect is not followed
    failed = the_delivery()
    assert (failed.state, failed.status, failed.answer, failed.attempt_count) == ("failed", status, "no", 1)
    assert send_due() == 0
    gateway.answers.clear()
    make_due()
    send_due()
    assert the_delivery().state == "sent"
    first, second = gateway.calls
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_retry_after_is_honoured(gateway: Gateway, asha: User) -> None:
    add_webhook(owner=asha, url=gateway.url, names=[])
    gateway.answers["/"] = (429, {"Retry-After": "3600"}, "")
    publish(asha)
    send_due()
    due_at = the_delivery().due_at
    assert due_at is not None
    assert due_at > timezone.now() + timedelta(minutes=59)


def test_after_a_day_it_is_given_up_and_can_be_replayed(gateway: Gateway, asha: User) -> None:
    webhook = add_webhook(owner=asha, url=gateway.url, names=[])
    gateway.answers["/"] = (500, {}, "")
    publish(asha)
    WebhookDelivery.objects.update(attempt_count=MAX_ATTEMPTS - 1)
    send_due()
    assert the_delivery().state == "dead"
    gateway.answers.clear()
    assert replay_webhook(webhook=webhook) == 1
    send_due()
    assert the_delivery().state == "sent"
    assert replay_webhook(webhook=webhook) == 0
    assert replay_webhook(webhook=webhook, delivery_ids=[the_delivery().pk]) == 1


def test_gone_turns_it_off(gateway: Gateway, asha: User) -> None:
    webhook = add_webhook(owner=asha, url=gateway.url, names=[])
    gateway.answers["/"] = (410, {}, "")
    publish(asha)
    send_due()
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.off_reason) == (False, "It answered 410 Gone.")
    assert the_delivery().state == "dead"


def test_one_that_hangs_does_not_hold_up_the_others(
    gateway: Gateway, asha: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        add_webhook(owner=asha, url=f"{gateway.url}/{number}", names=[])
    gateway.delay_seconds = 0.4
    publish(asha)
    began = timezone.now()
    assert send_due() == 4
    assert timezone.now() - began < timedelta(seconds=1.4)


def test_nobody_there_is_no_answer(gateway: Gateway, asha: User) -> None:
    add_webhook(owner=asha, url="http://127.0.0.1:1/", names=[])
    publish(asha)
    send_due()
    delivery = the_delivery()
    assert (delivery.state, delivery.status) == ("failed", None)
    assert delivery.answer.startswith("no answer")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://", "https://user:pw@example.com/", "https://127.0.0.1/",
        "https://localhost/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://2130706433/", "https://0x7f.1/",
        "https://169.254.169.254/latest/meta-data/", "https://x:99999/", "file:///etc/passwd", "nonsense", "",
    ],
)  # fmt: skip
def test_urls_that_are_refused(asha: User, settings: Any, url: str) -> None:
    settings.WEBHOOK_ALLOW_HTTP = False
    with pytest.raises(UnusableUrl):
        add_webhook(owner=asha, url=url, names=[])
    assert not Webhook.objects.exists()


def test_a_name_that_turned_private_after_it_was_registered(gateway: Gateway, asha: User, settings: Any) -> None:
    add_webhook(owner=asha, url=gateway.url, names=[])
    settings.WEBHOOK_ALLOW_PRIVATE = False
    publish(asha)
    send_due()
    assert gateway.calls == []
    assert "not a public address" in the_delivery().answer


def test_ten_are_enough_for_one_person(gateway: Gateway, asha: User) -> None:
    for _ in range(10):
        add_webhook(owner=asha, url=gateway.url, names=[])
    with pytest.raises(TooManyWebhooks):
        add_webhook(owner=asha, url=gateway.url, names=[])
    add_webhook(owner=make_person(), url=gateway.url, names=[])


def test_the_body_is_json_of_the_standards_shape(asha: User) -> None:
    webhook = Webhook(owner=asha, url="https://example.com/", secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    body, _ = signed_request(webhook, DomainEvent(pk=1, name="a.b", at=at, data={"n": 1}), at)
    assert json.loads(body) == {"type": "a.b", "timestamp": "2026-01-02T03:04:05+00:00", "data": {"n": 1}}
