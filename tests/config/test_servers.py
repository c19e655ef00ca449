"""The ground the other tests stand on: servers that are real, and stay apart from the developer's own."""

import urllib.request

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from tests.settings import TEST_DIR


def test_redis_of_the_run_is_private_and_survives_a_restart(redis_server):
    assert str(TEST_DIR) in settings.REDIS_URL
    redis_server.client.set("kept", "yes")
    redis_server.restart()
    assert redis_server.client.ping()


def test_redis_can_lose_everything(redis_server):
    redis_server.client.set("kept", "yes")
    redis_server.lose_everything()
    assert redis_server.client.get("kept") is None


def test_daphne_serves_the_test_database(daphne):
    with urllib.request.urlopen(daphne.url, timeout=10) as answer:
        assert answer.status == 200


def test_two_servers_at_once(live_server_factory):
    first, second = live_server_factory(2)
    assert first.port != second.port
    assert first.is_running()
    assert second.is_running()


@pytest.mark.one_database
def test_a_browser_per_person(browser):
    asha = User.objects.create_user("asha", "asha@chowk.example", "asha-chowk")
    signed_in, stranger = browser.page(asha), browser.page()
    assert signed_in.goto("/accounts/email/").status == 200
    assert "/accounts/login/" not in signed_in.url
    stranger.goto("/accounts/email/")
    assert "/accounts/login/" in stranger.url


def test_a_worker_listens(worker):
    assert worker("email").is_running()
