"""Bounces and complaints, as mail providers tell of them by webhook: signed, and only those that are for good."""

import base64
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from notifications.models import DeadAddress, State
from notifications.outbox.delivering import deliver
from notifications.services import bury_address, notify
from tests.notifications.factories import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> User:
    return make_person("asha")


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


def test_an_address_is_the_same_in_any_case(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    asha = make_person(email="Asha.Rao@Example.com")
    bury_address(channel="email", address="asha.rao@EXAMPLE.com", reason="bounced")
    told = notify(user=asha, kind="test_message", key="1", data={})
    deliver("email", [])
    assert mail.outbox == []
    assert told.deliveries.get(channel="email").state == State.SUPPRESSED
