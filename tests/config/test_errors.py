"""Refusals and faults as pages of the house, and as JSON for those who ask for it."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django.fixtures import Settings

from config.urls import urlpatterns as house
from notifications.errors import AppError


class Full(AppError):
    code = "room_full"
    status = 409
    message = "The room is full."


def raising(error: Exception):
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


urlpatterns = [
    *house,
    path("full/", raising(Full(limit=3))),
    path("denied/", raising(PermissionDenied())),
    path("gone/", raising(Http404())),
    path("odd/", raising(SuspiciousOperation())),
    path("broken/", raising(RuntimeError("the secret of the house"))),
]


@pytest.fixture(autouse=True)
def _urls(settings: Settings, db: None) -> None:
    settings.ROOT_URLCONF = "tests.config.test_errors"


def test_a_refusal_is_a_page_for_people(client: Client) -> None:
    answer = client.get("/full/", headers={"Accept": "text/html"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "The room is full." in page
    assert "room_full" in page


def test_a_refusal_is_json_for_programs(client: Client) -> None:
    answer = client.get("/full/", headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert answer.json() == {"error": {"code": "room_full", "message": "The room is full.", "limit": 3}}


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/nothing-here/", 404, "There is nothing at this address"),
        ("/denied/", 403, "This is not open to you"),
        ("/odd/", 400, "That request made no sense here"),
    ],
)
def test_each_fault_has_its_page(client: Client, address: str, status: int, words: str) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert words in answer.content.decode()
    client.force_login(User.objects.create_user("asha"))
    assert client.get(address).status_code == status


def test_a_debug_run_too_says_in_our_words_that_something_is_not_there(client: Client, settings: Settings) -> None:
    settings.DEBUG = True
    assert "There is nothing at this address" in client.get("/gone/").content.decode()
    assert "Page not found" in client.get("/unknown-address/").content.decode(), "developers see the addresses"


def test_a_crash_says_so_and_tells_nothing(client: Client) -> None:
    client.raise_request_exception = False
    answer = client.get("/broken/")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "Something broke on our side" in page
    assert "secret" not in page


def test_a_stale_form_is_told_in_words() -> None:
    answer = Client(enforce_csrf_checks=True).post("/theme/", {"theme": "dark"})
    assert answer.status_code == 403
    assert "too old to trust" in answer.content.decode()
