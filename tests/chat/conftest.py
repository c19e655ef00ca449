"""Who most of chat's tests are about: asha, who is signed in, and ravi, in a room of hers."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chat.models import Room
from tests.chat.factories import make_room, make_user


@pytest.fixture
def asha(client: Client) -> User:
    user = make_user("asha")
    client.force_login(user)
    return user


@pytest.fixture
def ravi() -> User:
    return make_user("ravi")


@pytest.fixture
def room(asha: User, ravi: User) -> Room:
    """A room that asha owns and ravi is in."""
    return make_room(asha, ravi)
