"""Providers that misbehave: statuses told apart, Retry-After, the circuit breaker, the rate."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from notifications.channels.base import PermanentFailure, ProviderDown, TemporaryFailure
from notifications.channels.http_status import failure_of
from notifications.models import Delivery, Provider, State
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
    breaker = Provider.objects.get(name="sms")
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


def test_too_many_requests_without_a_time_is_not_asked_again_at_once(settings: Any, gateway: Gateway) -> None:
    """Apprise tells the status, never the headers: all wait as long as an open breaker does, at the first 429."""
    settings.SMS_GATEWAY_URL = ""
    settings.SMS_URL = f"json://127.0.0.1:{gateway.port}/hook"
    gateway.answers["/hook"] = gateway.answers["/hook/"] = (429, {"Retry-After": "120"}, "slow down")
    first, second = tell(2)
    deliver("sms", [])
    assert len(gateway.calls) == 1
    until = timezone.now() + timedelta(seconds=14)
    assert (state_of(first), state_of(second)) == ((State.FAILED, 1), (State.PENDING, 0))
    assert first.due_at >= until
    assert second.due_at >= until
    assert Provider.objects.get(name="sms").open_until >= until
    assert deliver("sms", [second.pk]) == 0


def test_the_rate_is_kept_over_workers(settings: Any) -> None:
    settings.DELIVERY_RATES = {"sms": 5}
    began = time.time()
    time.sleep(int(began) + 1.01 - began)  # begin with a second
    began = time.monotonic()
    for _ in range(12):
        pace.wait_for_turn("sms", lambda: False)
    assert 1.8 < time.monotonic() - began < 3


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
