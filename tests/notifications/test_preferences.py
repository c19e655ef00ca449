"""The preferences page."""

from collections.abc import Iterator
from datetime import time

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
