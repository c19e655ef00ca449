"""Finding rooms and people, and only what one may see; a person's page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chat.models import Membership, Room


@pytest.fixture
def asha(db: None) -> User:
    return User.objects.create_user("asha", password="x", first_name="Asha", last_name="Rao")


@pytest.fixture
def rooms(asha: User) -> None:
    mine = Room.objects.create(slug="graphs", name="Graph theory", created_by=asha)
    Membership.objects.create(room=mine, user=asha)
    ravi = User.objects.create_user("ravi", first_name="Ravi", last_name="Kumar")
    User.objects.create_user("gone", first_name="Ravi", is_active=False)
    Room.objects.create(slug="graphics", name="Graphics", created_by=ravi)
    Room.objects.create(slug="graph-secret", name="Graph secrets", kind=Room.Kind.PRIVATE, created_by=ravi)


def test_it_finds_own_and_open_rooms_but_no_private_one(client: Client, asha: User, rooms: None) -> None:
    client.force_login(asha)
    found = client.get("/search/", {"q": "GRAPH"}).context["found"]
    assert [room.slug for room in found.rooms] == ["graphs"]
    assert [room.slug for room in found.open_rooms] == ["graphics"]


def test_all_the_words_must_be_there_in_any_order(client: Client, asha: User, rooms: None) -> None:
    client.force_login(asha)
    assert [p.username for p in client.get("/search/", {"q": "kumar ravi"}).context["found"].people] == ["ravi"]
    page = client.get("/search/", {"q": "ravi rao"})
    assert not page.context["found"]
    assert "Nothing found" in page.content.decode()


def test_an_empty_search_asks_and_a_stranger_logs_in(client: Client, asha: User) -> None:
    assert client.get("/search/?q=x")["Location"].startswith("/accounts/login/")
    client.force_login(asha)
    page = client.get("/search/?q=%20")
    assert page.status_code == 200
    assert "Nothing found" not in page.content.decode()
    assert "&lt;b&gt;" in client.get("/search/", {"q": "<b>"}).content.decode()


def test_a_persons_page(client: Client, asha: User, rooms: None) -> None:
    assert client.get("/people/ravi/").status_code == 302
    client.force_login(asha)
    assert "Ravi Kumar" in client.get("/people/ravi/").content.decode()
    assert client.get("/people/gone/").status_code == 404
    assert client.get("/people/nobody/").status_code == 404
