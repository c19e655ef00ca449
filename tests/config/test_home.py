"""The front door, for strangers and for those who are in, and the numbers that keep an open page true."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chat.models import Membership, Room


@pytest.fixture
def asha(db: None) -> User:
    return User.objects.create_user("asha", password="x", first_name="Asha")


def test_a_stranger_is_told_what_this_is(client: Client, db: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        page = client.get("/").content.decode()
    assert "Where your coders meet, pay and compete" in page
    assert 'property="og:title"' in page
    assert client.post("/").status_code == 405


def test_someone_new_is_shown_what_to_do_first(client: Client, asha: User) -> None:
    client.force_login(asha)
    page = client.get("/").content.decode()
    assert "Hello, Asha" in page
    assert "You are in no room yet" in page
    assert "Nothing submitted yet" in page
    assert "₹0.00" in page


def test_unread_rooms_stand_first_in_words(client: Client, asha: User) -> None:
    room = Room.objects.create(slug="general", name="General", created_by=asha, last_number=5)
    Membership.objects.create(room=room, user=asha, read_number=2)
    client.force_login(asha)
    page = client.get("/").content.decode()
    assert "3 unread messages in 1 room" in page
    numbers = client.get("/numbers/").json()
    assert numbers == {"unread": 0, "balance": "₹0.00", "rooms": {str(room.pk): 3}}


def test_the_home_page_asks_little_of_the_database(client: Client, asha: User, django_assert_max_num_queries) -> None:
    client.force_login(asha)
    client.get("/")  # the first page of a session also looks up the time zone
    with django_assert_max_num_queries(8):
        client.get("/")


def test_numbers_are_a_persons_own(client: Client, db: None) -> None:
    assert client.get("/numbers/").status_code == 302


def test_the_small_files_that_browsers_ask_for(client: Client, db: None) -> None:
    assert client.get("/favicon.ico")["Location"].endswith("mark.svg")
    manifest = client.get("/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    assert manifest.json()["name"] == "Chowk"
