"""What a person changes about themselves, and times told in their zone."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from notifications.models import Contact


@pytest.fixture
def asha(client: Client, db: None) -> User:
    user = User.objects.create_user("asha", password="x")
    client.force_login(user)
    return user


def form(**changes: str) -> dict[str, str]:
    return {"first_name": "Asha", "last_name": "Rao", "time_zone": "America/New_York", **changes}


def test_name_and_zone_are_kept(client: Client, asha: User) -> None:
    assert client.post("/accounts/profile/", form())["Location"] == "/accounts/profile/"
    asha.refresh_from_db()
    assert (asha.get_full_name(), asha.contact.time_zone) == ("Asha Rao", "America/New_York")
    page = client.get("/accounts/profile/").content.decode()
    assert 'value="America/New_York"' in page
    assert "Saved." in page


def test_an_unknown_zone_is_refused_in_words(client: Client, asha: User) -> None:
    page = client.post("/accounts/profile/", form(time_zone="Mars/Olympus")).content.decode()
    assert "There is no such time zone" in page
    assert not Contact.objects.filter(user=asha).exists()


def test_changing_the_zone_keeps_the_phone(client: Client, asha: User) -> None:
    Contact.objects.create(user=asha, phone="+919812345601")
    client.post("/accounts/profile/", form())
    assert Contact.objects.get(user=asha).phone == "+919812345601"


def test_times_are_told_in_the_persons_zone(client: Client, asha: User) -> None:
    User.objects.filter(pk=asha.pk).update(date_joined="2026-01-01T02:00:00Z")
    assert "1 January 2026" in client.get("/people/asha/").content.decode()
    client.post("/accounts/profile/", form())
    assert "31 December 2025" in client.get("/people/asha/").content.decode()


def test_a_zone_that_is_gone_does_no_harm(client: Client, asha: User) -> None:
    Contact.objects.create(user=asha, time_zone="Asia/Calcutta_Old")
    assert client.get("/people/asha/").status_code == 200


def test_a_stranger_and_a_wrong_method(client: Client, asha: User) -> None:
    assert client.delete("/accounts/profile/").status_code == 405
    client.logout()
    assert client.get("/accounts/profile/").status_code == 302
