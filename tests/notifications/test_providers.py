"""Providers that misbehave: statuses told apart, Retry-After, the circuit breaker, the rate, Web Push."""

import base64
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from py_vapid import Vapid02

from notifications.channels.base import PermanentFailure, ProviderDown, TemporaryFailure
from notifications.channels.http_status import failure_of
from notifications.channels.push import vapid
from notifications.models import DeadAddress, Delivery, Provider, PushDevice, State
from notifications.outbox import pace
from notifications.outbox.breaker import OPENS_AT
from notifications.outbox.delivering import deliver
from notifications.services import notify
from tests.notifications.factories import make_person
from tests.notifications.gateway import Gateway

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(settings: Any) -> Iterator[Gateway]:
    settings.WEBHOOK_ALLOW_HTTP = settings.WEBHOOK_ALLOW_PRIVATE = True
    with Gateway() as server:
        settings.SMS_GATEWAY_URL = f"{server.url}/sms"
        settings.SMS_GATEWAY_TOKEN = "token"
        yield server


def tell(count: int = 1) -> list[Delivery]:
    people = [make_person(phone=f"+9198{time.monotonic_ns() % 10**8:08}") for _ in range(count)]
    return [
        notify(user=person, kind="test_message", key="1", data={"text": "₹100"}).deliveries.get(channel="sms")
        for person in people
    ]


def state_of(delivery: Delivery) -> tuple[str, int]:
    delivery.refresh_from_db()
    return delivery.state, delivery.attempt_count


def test_a_gateway_gets_the_text_with_its_idempotency_key(gateway: Gateway) -> None:
    gateway.answers["/sms"] = (200, {"X-Message-Id": "m-1"}, "")
    [delivery] = tell()
    deliver("sms", [delivery.pk])
    [call] = gateway.calls
    assert json.loads(call.body)["text"] == "Chowk: ₹100"
    assert call.headers["idempotency-key"] == f"chowk-delivery-{delivery.pk}"
    assert call.headers["authorization"] == "Bearer token"
    assert state_of(delivery) == (State.SENT, 1)
    assert delivery.provider_id == "m-1"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, PermanentFailure),
        (410, PermanentFailure),
        (422, PermanentFailure),
        (408, TemporaryFailure),
        (500, TemporaryFailure),
        (502, TemporaryFailure),
        (401, ProviderDown),
        (429, ProviderDown),
        (503, ProviderDown),
        (302, ProviderDown),
    ],
)
def test_statuses_are_told_apart(status: int, kind: type[Exception]) -> None:
    assert type(failure_of(status, "words")) is kind


def test_one_bad_message_harms_no_other(gateway: Gateway) -> None:
    gateway.answers["/sms"] = (422, {}, "no such number")
    bad, worse = tell(2)
    deliver("sms", [])
    assert state_of(bad) == (State.DEAD, 1)
    assert state_of(worse) == (State.DEAD, 1)
    assert bad.reason == "422 no such number"
    assert bad.attempts.get().code == "422"
    assert len(gateway.calls) == 2


def test_too_many_requests_stops_the_batch_for_as_long_as_was_asked(gateway: Gateway) -> None:
    gateway.answers["/sms"] = (429, {"Retry-After": "120"}, "slow down")
    first, second, third = tell(3)
    deliver("sms", [])
    assert len(gateway.calls) == 1
    assert state_of(first) == (State.FAILED, 1)
    assert first.due_at > timezone.now() + timedelta(seconds=118)
    for waiting in (second, third):
        assert state_of(waiting) == (State.PENDING, 0)
        assert waiting.due_at > timezone.now() + timedelta(seconds=118)
    assert deliver("sms", [second.pk]) == 0


def test_the_breaker_asks_with_one_message_and_closes_at_the_first_yes(gateway: Gateway) -> None:
    gateway.answers["/sms"] = (503, {}, "")
    rows = tell(6)
    for number in range(OPENS_AT):
        Delivery.objects.filter(state__in=(State.FAILED, State.PENDING)).update(due_at=timezone.now())
        Provider.objects.update(open_until=timezone.now())
        deliver("sms", [])
        assert len(gateway.calls) == number + 1
    breaker = Provider.objects.get(channel="sms")
    assert breaker.failure_count == OPENS_AT
    assert breaker.open_until is not None
    assert breaker.open_until > timezone.now() + timedelta(seconds=5)
    gateway.answers.clear()
    Delivery.objects.filter(state__in=(State.FAILED, State.PENDING)).update(due_at=timezone.now())
    Provider.objects.update(open_until=timezone.now())
    assert deliver("sms", []) == 1
    breaker.refresh_from_db()
    assert (breaker.failure_count, breaker.open_until) == (0, None)
    deliver("sms", [])
    assert {state_of(row)[0] for row in rows} == {State.SENT}


def test_a_gateway_that_is_not_there(settings: Any) -> None:
    settings.SMS_GATEWAY_URL = "http://127.0.0.1:1/sms"
    [delivery] = tell()
    deliver("sms", [])
    assert state_of(delivery) == (State.FAILED, 1)
    assert delivery.attempts.get().code == "connection"


def test_apprise_carries_texts_to_any_provider(settings: Any, gateway: Gateway) -> None:
    settings.SMS_GATEWAY_URL = ""
    settings.SMS_URL = f"json://127.0.0.1:{gateway.port}/hook?to={{to}}"
    [delivery] = tell()
    deliver("sms", [])
    assert state_of(delivery) == (State.SENT, 1)
    assert json.loads(gateway.calls[0].body)["message"] == "Chowk: ₹100"


@pytest.mark.parametrize(("status", "state"), [(400, State.DEAD), (500, State.FAILED), (429, State.FAILED)])
def test_what_apprise_was_told_is_told_apart(settings: Any, gateway: Gateway, status: int, state: State) -> None:
    settings.SMS_GATEWAY_URL = ""
    settings.SMS_URL = f"json://127.0.0.1:{gateway.port}/hook"
    gateway.answers["/hook"] = gateway.answers["/hook/"] = (status, {}, "no")
    [delivery] = tell()
    deliver("sms", [])
    assert state_of(delivery)[0] == state
    assert delivery.attempts.get().code == str(status)


# --- E-mail by a provider's API, through django-anymail ----------------------------------------------------


@pytest.fixture
def resend(gateway: Gateway, settings: Any) -> Gateway:
    settings.EMAIL_BACKEND = "anymail.backends.resend.EmailBackend"
    settings.ANYMAIL = {"RESEND_API_KEY": "k", "RESEND_API_URL": f"{gateway.url}/", "DEBUG_API_REQUESTS": False}
    gateway.answers["/emails"] = (200, {"Content-Type": "application/json"}, '{"id": "r-1"}')
    return gateway


def mail_one(key: str = "1") -> Delivery:
    told = notify(user=make_person(), kind="test_message", key=key, data={})
    return told.deliveries.get(channel="email")


def test_a_mail_providers_api_gets_the_idempotency_key_and_the_unsubscribe_link(resend: Gateway) -> None:
    delivery, other = mail_one(), mail_one()
    deliver("email", [delivery.pk, other.pk])
    first, second = resend.calls
    assert first.headers["idempotency-key"] == f"chowk-delivery-{delivery.pk}"
    assert second.headers["idempotency-key"] == f"chowk-delivery-{other.pk}"
    sent = json.loads(first.body)
    assert sent["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "<html" in sent["html"]
    assert state_of(delivery) == (State.SENT, 1)
    assert delivery.provider_id == "r-1"


@pytest.mark.parametrize(
    ("status", "retry_after", "state"),
    [(422, "", State.DEAD), (500, "", State.FAILED), (429, "120", State.FAILED), (403, "", State.FAILED)],
)
def test_what_a_mail_providers_api_says_is_told_apart(
    resend: Gateway, status: int, retry_after: str, state: State
) -> None:
    resend.answers["/emails"] = (status, {"Retry-After": retry_after}, '{"message": "no"}')
    first, second = mail_one(), mail_one()
    deliver("email", [first.pk, second.pk])
    assert state_of(first) == (state, 1)
    assert first.attempts.get().code == str(status)
    stops_the_batch = status in (429, 403)
    assert state_of(second) == ((State.PENDING, 0) if stops_the_batch else (state, 1))
    if retry_after:
        assert first.due_at > timezone.now() + timedelta(seconds=118)


def test_a_mail_providers_api_that_is_away(resend: Gateway, settings: Any) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, "RESEND_API_URL": "http://127.0.0.1:1/"}
    delivery = mail_one()
    deliver("email", [])
    assert state_of(delivery) == (State.FAILED, 1)
    assert delivery.attempts.get().code == "connection"


def test_the_rate_is_kept_over_workers(settings: Any) -> None:
    settings.DELIVERY_RATES = {"sms": 5}
    began = time.time()
    time.sleep(int(began) + 1.01 - began)  # begin with a second
    began = time.monotonic()
    for _ in range(12):
        pace.wait_for_turn("sms", lambda: False)
    assert 1.8 < time.monotonic() - began < 3


# --- Web Push ----------------------------------------------------------------------------------------------


class Browser:
    """The keys of a browser, and what it makes of what a push service hands it."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.public_key = base64.urlsafe_b64encode(point).rstrip(b"=").decode()
        self.secret = b"0123456789abcdef"
        self.auth_secret = base64.urlsafe_b64encode(self.secret).rstrip(b"=").decode()

    def read(self, body: bytes) -> Any:
        return json.loads(
            http_ece.decrypt(body, private_key=self.private, auth_secret=self.secret, version="aes128gcm")
        )

    def subscription(self, endpoint: str) -> dict[str, Any]:
        return {"endpoint": endpoint, "keys": {"p256dh": self.public_key, "auth": self.auth_secret}}


@pytest.fixture
def asha() -> User:
    return make_person("asha")


@pytest.fixture
def chromium(client: Client, asha: User, gateway: Gateway) -> Browser:
    client.force_login(asha)
    browser = Browser()
    answer = client.post(
        "/inbox/devices/",
        browser.subscription(f"{gateway.url}/push/1"),
        content_type="application/json",
        headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"},
    )
    assert answer.status_code == 201
    assert answer.json() == {"name": "Chrome on Linux"}
    return browser


def push(person: User, key: str = "1") -> Delivery:
    told = notify(user=person, kind="test_message", key=key, data={"subject": "₹100", "text": "चाय"}, url="/wallet/")
    deliver("push", [])
    return told.deliveries.get(channel="push")


def test_a_push_service_carries_what_only_the_browser_can_read(
    gateway: Gateway, asha: User, chromium: Browser
) -> None:
    delivery = push(asha)
    [call] = gateway.calls
    assert chromium.read(call.body) == {
        "title": "₹100",
        "body": "चाय",
        "url": "http://localhost:8000/wallet/",
        "tag": f"chowk-delivery-{delivery.pk}",
    }
    assert call.headers["content-encoding"] == "aes128gcm"
    assert int(call.headers["ttl"]) > 0
    assert delivery.state == State.SENT
    assert delivery.provider_id == "1 of 1 devices"


def test_it_is_signed_for_that_service_alone(gateway: Gateway, asha: User, chromium: Browser) -> None:
    push(asha)
    token = gateway.calls[0].headers["authorization"]
    assert Vapid02.verify(token)
    claims = json.loads(base64.urlsafe_b64decode(token.partition("t=")[2].split(",")[0].split(".")[1] + "=="))
    assert claims["aud"] == gateway.url
    assert claims["exp"] > time.time()
    assert vapid.public_key() in token


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_took_its_permission_back_is_forgotten(
    gateway: Gateway, asha: User, chromium: Browser, status: int
) -> None:
    gateway.answers["/push/1"] = (status, {}, "")
    delivery = push(asha)
    assert not PushDevice.objects.exists()
    assert delivery.state == State.SENT  # it stands in the inbox all the same
    push(asha, "2")
    assert len(gateway.calls) == 1


def test_a_push_service_that_is_busy_is_asked_again(gateway: Gateway, asha: User, chromium: Browser) -> None:
    gateway.answers["/push/1"] = (429, {"Retry-After": "60"}, "")
    delivery = push(asha)
    assert delivery.state == State.FAILED
    assert delivery.due_at is not None
    assert delivery.due_at > timezone.now() + timedelta(seconds=58)
    assert PushDevice.objects.count() == 1
    gateway.answers.clear()
    Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now())
    deliver("push", [])
    assert state_of(delivery)[0] == State.SENT


def test_a_browser_serves_who_used_it_last(gateway: Gateway, client: Client, asha: User, chromium: Browser) -> None:
    ravi = make_person("ravi")
    client.force_login(ravi)
    client.post("/inbox/devices/", chromium.subscription(f"{gateway.url}/push/1"), content_type="application/json")
    assert PushDevice.objects.get().user == ravi


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "{}", '{"endpoint": "https://x"}', '{"endpoint": "https://x", "keys": {"p256dh": "x", "auth": "y"}}',
        '{"endpoint": 5, "keys": []}',
    ],
)  # fmt: skip
def test_subscriptions_that_are_none(client: Client, asha: User, body: str) -> None:
    client.force_login(asha)
    answer = client.post(
        "/inbox/devices/", body, content_type="application/json", headers={"Accept": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "unusable_device"


def test_only_ones_own_device_can_be_removed(client: Client, asha: User, chromium: Browser) -> None:
    device = PushDevice.objects.get()
    client.force_login(make_person())
    assert client.post(f"/inbox/devices/{device.pk}/remove/").status_code == 404
    client.force_login(asha)
    assert client.get(f"/inbox/devices/{device.pk}/remove/").status_code == 405
    client.post(f"/inbox/devices/{device.pk}/remove/")
    assert not PushDevice.objects.exists()


def test_a_push_into_our_own_network_is_not_sent(
    gateway: Gateway, asha: User, chromium: Browser, settings: Any
) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    push(asha)
    assert gateway.calls == []
    assert not PushDevice.objects.exists()


# --- Bounces -----------------------------------------------------------------------------------------------


def test_a_providers_bounce_buries_the_address(client: Client, asha: User, settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "user:secret"}
    bounce = [
        {
            "RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "MessageID": "m", "Email": asha.email,
            "Description": "no such mailbox", "BouncedAt": "2026-01-01T00:00:00Z", "Metadata": {}, "Tag": "",
        }
    ]  # fmt: skip
    url = "/hooks/email/postmark/tracking/"
    assert client.post(url, bounce[0], content_type="application/json").status_code == 400
    assert not DeadAddress.objects.exists()
    token = base64.b64encode(b"user:secret").decode()
    answer = client.post(url, bounce[0], content_type="application/json", headers={"Authorization": f"Basic {token}"})
    assert answer.status_code == 200
    buried = DeadAddress.objects.get()
    assert (buried.channel, buried.address) == ("email", asha.email)
    assert "Postmark" in buried.reason


@pytest.mark.parametrize(("kind", "buried"), [("SpamComplaint", True), ("Bounce:SoftBounce", False)])
def test_a_complaint_buries_the_address_and_a_full_mailbox_does_not(
    client: Client, asha: User, settings: Any, kind: str, buried: bool
) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "user:secret"}
    record, _, type_ = kind.partition(":")
    told = {
        "RecordType": record, "Type": type_ or record, "TypeCode": 4096 if type_ else 512, "MessageID": "m",
        "Email": asha.email, "Description": "", "BouncedAt": "2026-01-01T00:00:00Z", "Metadata": {}, "Tag": "",
    }  # fmt: skip
    token = base64.b64encode(b"user:secret").decode()
    answer = client.post(
        "/hooks/email/postmark/tracking/",
        told,
        content_type="application/json",
        headers={"Authorization": f"Basic {token}"},
    )
    assert answer.status_code == 200
    assert DeadAddress.objects.filter(address=asha.email).exists() == buried
