"""Signing up, logging in and out, and a forgotten password: allauth's flows in the house's pages."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from config.demo import PEOPLE, load_demo

GOOD_PASSWORD = "mango-lassi-42"


@pytest.fixture
def asha(db: None) -> User:
    return User.objects.create_user("asha", "asha@chowk.example", GOOD_PASSWORD)


def test_a_stranger_signs_up_and_is_in(client: Client, db: None) -> None:
    form = {"email": "n@chowk.example", "username": "neel", "password1": GOOD_PASSWORD, "password2": GOOD_PASSWORD}
    answer = client.post("/accounts/signup/", form, follow=True)
    assert "Hello, neel" in answer.content.decode()
    assert mail.outbox[0].to == ["n@chowk.example"]


def test_a_weak_password_is_refused_beside_its_field(client: Client, db: None) -> None:
    form = {"email": "n@chowk.example", "username": "neel", "password1": "12345678", "password2": "12345678"}
    page = client.post("/accounts/signup/", form).content.decode()
    assert 'id="id_password1_error"' in page
    assert 'aria-invalid="true"' in page
    assert not User.objects.filter(username="neel").exists()


@pytest.mark.parametrize("login", ["asha", "asha@chowk.example"])
def test_logging_in_by_username_or_e_mail(client: Client, asha: User, login: str) -> None:
    answer = client.post("/accounts/login/", {"login": login, "password": GOOD_PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_a_wrong_password_is_said_in_words(client: Client, asha: User) -> None:
    page = client.post("/accounts/login/", {"login": "asha", "password": "wrong"}).content.decode()
    assert "not correct" in page
    assert 'class="errorlist nonfield"' in page


def test_logging_out_asks_first_and_then_does(client: Client, asha: User) -> None:
    client.force_login(asha)
    assert "Log out?" in client.get("/accounts/logout/").content.decode()
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session


def test_a_forgotten_password_is_replaced_by_the_mailed_link(client: Client, asha: User) -> None:
    client.post("/accounts/password/reset/", {"email": asha.email})
    assert mail.outbox[0].subject == "Choose a new password for Chowk"
    link = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link
    page = client.get(link[1], follow=True)
    assert "Choose a new password" in page.content.decode()
    new = "tamarind-rice-7"
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    asha.refresh_from_db()
    assert asha.check_password(new)
    assert mail.outbox[-1].subject == "Your Chowk password was changed", "the owner hears of it"
    assert "no longer works" in Client().get(link[1], follow=True).content.decode()


@pytest.mark.parametrize(
    "path",
    ["/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/reauthenticate/"],
)
def test_the_account_pages_are_in_the_frame(client: Client, asha: User, path: str) -> None:
    assert client.get(path).status_code == 302
    client.post("/accounts/login/", {"login": "asha", "password": GOOD_PASSWORD})
    page = client.get(path).content.decode()
    assert page.count("<h1") == 1
    assert 'class="frame' in page


def test_a_debug_run_shows_the_demo_people(client: Client, db: None, settings: Settings) -> None:
    settings.DEBUG = True
    assert PEOPLE[0].password not in client.get("/accounts/login/").content.decode(), "nobody is there yet"
    load_demo()
    page = client.get("/accounts/login/").content.decode()
    assert all(person.password in page for person in PEOPLE)


def test_a_production_run_shows_no_password(client: Client, db: None, settings: Settings) -> None:
    load_demo()
    settings.DEBUG = False
    page = client.get("/accounts/login/").content.decode()
    assert not any(person.password in page for person in PEOPLE)


def test_a_second_step_stands_before_the_next_login(client: Client, asha: User) -> None:
    client.post("/accounts/login/", {"login": "asha", "password": GOOD_PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": GOOD_PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    assert "data:image/svg+xml" in page.content.decode()
    secret = page.context["form"].secret
    assert client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    assert "Recovery codes" in client.get("/accounts/2fa/").content.decode()
    client.post("/accounts/logout/")
    answer = client.post("/accounts/login/", {"login": "asha", "password": GOOD_PASSWORD}, follow=True)
    assert "Enter your code" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    recovery = Authenticator.objects.get(user=asha, type=Authenticator.Type.RECOVERY_CODES).wrap()
    client.post("/accounts/2fa/authenticate/", {"code": recovery.get_unused_codes()[0]})
    assert client.session["_auth_user_id"] == str(asha.pk)


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))
