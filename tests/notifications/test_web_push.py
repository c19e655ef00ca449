"""Web Push: what a push service gets, what only the browser can read, and services that misbehave."""

import base64
import json
import time
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

from notifications.channels.push import vapid
from notifications.channels.push.adapter import service_of
from notifications.models import Delivery, Provider, PushDevice, State
from notifications.outbox.delivering import deliver
from notifications.services import notify
from tests.notifications.factories import make_person
from tests.notifications.gateway import Gateway

pytestmark = pytest.mark.django_db


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
    be_patient()
    deliver("push", [])
    delivery.refresh_from_db()
    assert delivery.state == State.SENT


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


def be_patient() -> None:
    """What waits is due, and every breaker lets one message ask."""
    Delivery.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    Provider.objects.update(open_until=timezone.now())


def test_a_push_service_that_is_away_holds_up_no_other(gateway: Gateway, asha: User, chromium: Browser) -> None:
    """Each service has its breaker: after a 429 nobody's browser there is asked, and those elsewhere get theirs."""
    with Gateway() as other:
        people = [asha, make_person("meera"), make_person("ravi")]
        endpoints = [f"{gateway.url}/push/1", f"{gateway.url}/push/2", f"{other.url}/push/3"]
        for person, endpoint in zip(people[1:], endpoints[1:], strict=True):
            PushDevice.objects.create(
                user=person, endpoint=endpoint, public_key=chromium.public_key, auth_secret=chromium.auth_secret,
                created_at=timezone.now(),
            )  # fmt: skip
        gateway.answers["/push/1"] = gateway.answers["/push/2"] = (429, {"Retry-After": "120"}, "slow down")
        told = [notify(user=person, kind="test_message", key="1", data={}) for person in people]
        deliver("push", [])
        assert len(gateway.calls) == 1  # the second browser of that service was not even asked
        first, second, third = (one.deliveries.get(channel="push") for one in told)
        assert (first.state, second.state, third.state) == (State.FAILED, State.FAILED, State.SENT)
        assert len(other.taken) == 1
        for waiting in (first, second):
            assert waiting.due_at is not None
            assert waiting.due_at > timezone.now() + timedelta(seconds=110)
        assert second.attempts.get().code == "breaker"
    breaker = Provider.objects.get(failure_count__gt=0)
    assert breaker.name == service_of(endpoints[0])
    gateway.answers.clear()
    be_patient()
    deliver("push", [])
    assert set(Delivery.objects.filter(channel="push").values_list("state", flat=True)) == {State.SENT}
    breaker.refresh_from_db()
    assert (breaker.failure_count, breaker.open_until) == (0, None)


def test_no_answer_from_a_push_service_opens_its_breaker(gateway: Gateway, asha: User, chromium: Browser) -> None:
    PushDevice.objects.update(endpoint="http://127.0.0.1:1/push")
    assert push(asha).state == State.FAILED
    assert Provider.objects.get(failure_count=1).name == "push 127.0.0.1:1"
