"""The preferences page, and the pages of webhooks beside it."""

from collections.abc import Iterator
from datetime import time
from typing import Any

import pytest
from django.test import Client

from notifications import kinds
from notifications.models import Contact, Refusal
from tests.notifications.factories import make_person, registered_kind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sample() -> Iterator[kinds.Kind]:
    with registered_kind() as kind:
        yield kind


def test_preferences_are_shown_and_saved(client: Client) -> None:
    asha = make_person()
    assert client.get("/inbox/preferences/").status_code == 302
    client.force_login(asha)
    page = client.get("/inbox/preferences/").content.decode()
    assert 'value="sample:email"' in page
    assert "phone_code" not in page
    answer = client.post(
        "/inbox/preferences/",
        {
            "wanted": ["sample:push", "announcement:email"],
            "language": "hi",
            "time_zone": "Asia/Kolkata",
            "quiet_from": "22:00",
            "quiet_until": "07:00",
            "digest_at": "",
        },
    )
    assert answer["Location"] == "/inbox/preferences/"
    refused = set(Refusal.objects.filter(user=asha).values_list("kind", "channel"))
    assert {("sample", "email"), ("sample", "sms"), ("announcement", "sms")} <= refused
    assert not {("sample", "push"), ("announcement", "email")} & refused
    contact = Contact.objects.get(user=asha)
    assert (contact.language, contact.quiet_from) == ("hi", time(22))


@pytest.mark.parametrize("field", [{"quiet_until": ""}, {"time_zone": "Mars/Base"}, {"language": "xx"}])
def test_bad_preferences_are_refused_in_words(client: Client, field: dict[str, str]) -> None:
    client.force_login(make_person())
    fields = {"language": "en", "time_zone": "UTC", "quiet_from": "22:00", "quiet_until": "07:00", **field}
    answer = client.post("/inbox/preferences/", fields)
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()


def test_a_person_keeps_webhooks(client: Client, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = settings.WEBHOOK_ALLOW_HTTP = True
    asha = make_person()
    assert client.get("/inbox/webhooks/").status_code == 302
    client.force_login(asha)
    page = client.get("/inbox/webhooks/").content.decode()
    assert 'value="transfer.completed"' in page
    assert "announcement.sent" not in page  # which staff alone hear of
    fields = {"url": "http://127.0.0.1:1/x", "names": ["transfer.completed", "no.such"]}
    assert client.post("/inbox/webhooks/", fields).status_code == 422
    fields["names"] = ["transfer.completed", "submission.judged"]
    where = client.post("/inbox/webhooks/", fields)["Location"]
    hook = asha.webhooks.get()
    assert hook.names == ["submission.judged", "transfer.completed"]
    assert hook.secret in client.get(where).content.decode()
    client.post(f"{where}change/", {"action": "off"})
    hook.refresh_from_db()
    assert not hook.is_active
    before = hook.secret
    client.post(f"{where}change/", {"action": "secret"})
    hook.refresh_from_db()
    assert hook.secret != before
    assert client.get(f"{where}change/").status_code == 405
    client.force_login(make_person())
    assert client.get(where).status_code == 404
    assert client.post(f"{where}change/", {"action": "remove"}).status_code == 404
    client.force_login(asha)
    client.post(f"{where}change/", {"action": "remove"})
    assert not asha.webhooks.exists()


def test_a_url_into_our_own_network_is_refused_in_words(client: Client) -> None:
    client.force_login(make_person())
    answer = client.post("/inbox/webhooks/", {"url": "https://127.0.0.1/"})
    assert answer.status_code == 422
    assert "not a public address" in answer.content.decode()
