"""Who guesses at numbers and addresses, or calls too fast, is stopped."""

from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from notifications.pace import Pace
from payments import errors
from payments.ledger import wallet_id
from payments.lookups import MISSES_AT_MOST, look_up
from tests.payments.callers import Caller, token_for
from tests.payments.factories import balance, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> User:
    return make_person("asha", paise=10_000)


@pytest.fixture
def ravi() -> User:
    return make_person("ravi", phone="+917010233311")


def miss(asker: User, count: int) -> None:
    for number in range(count):
        with pytest.raises(errors.UnknownRecipient):
            look_up(asker, f"98123000{number:02d}")


def test_numbers_cannot_be_gone_through(asha: User, ravi: User) -> None:
    miss(asha, MISSES_AT_MOST)
    with pytest.raises(errors.TooManyLookups):
        look_up(asha, "9812399999")
    with pytest.raises(errors.TooManyLookups):
        look_up(asha, "7010233311")  # or the next hit would tell
    assert look_up(asha, "ravi") == ravi  # names are no secret
    assert look_up(ravi, "7010233311") == ravi


def test_names_that_nobody_has_are_not_counted(asha: User, ravi: User) -> None:
    for number in range(MISSES_AT_MOST + 1):
        with pytest.raises(errors.UnknownRecipient):
            look_up(asha, f"nobody{number}")
    assert look_up(asha, "7010233311") == ravi


def test_hits_are_not_counted(asha: User, ravi: User) -> None:
    for _ in range(MISSES_AT_MOST + 5):
        assert look_up(asha, "7010233311") == ravi


def test_without_redis_people_can_pay(asha: User, ravi: User, redis_server: Any) -> None:
    redis_server.kill()
    try:
        miss(asha, 2)
        assert look_up(asha, "ravi") == ravi
    finally:
        redis_server.start()


def test_the_form_and_the_api_say_so(asha: User, ravi: User) -> None:
    miss(asha, MISSES_AT_MOST)
    client = Client()
    client.force_login(asha)
    page = client.post(reverse("payments:send"), {"recipient": "7010233311", "amount": "1", "key": "k"})
    assert page.status_code == 422
    assert "Try again in an hour" in page.content.decode()
    for path in ("/transfers", "/requests", "/holds"):
        refused = Caller(token_for(asha)).post(path, {"recipient": "7010233311", "amount_paise": 100})
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_lookups")
    split = client.post(reverse("payments:split"), {"people": "7010233311", "amount": "10", "key": "k"})
    assert "Try again in an hour" in split.content.decode()
    assert balance(wallet_id(ravi)) == 0


def test_two_servers_count_a_persons_calls_together(
    transactional_db: None, asha: User, live_server_factory: Callable[..., list]
) -> None:
    urls = [server.url for server in live_server_factory(2, API_RATE="10/m")]
    header = {"Authorization": f"Bearer {token_for(asha)}"}
    answers = []
    for number in range(16):
        try:
            with urlopen(Request(f"{urls[number % 2]}/api/wallet", headers=header), timeout=30) as response:
                answers.append(response.status)
        except HTTPError as refusal:
            answers.append(refusal.code)
    assert 1 <= answers.count(200) <= 10
    assert answers[-4:] == [429] * 4


def test_without_redis_the_api_answers_on(asha: User, redis_server: Any) -> None:
    token = token_for(asha)
    redis_server.kill()
    try:
        assert Caller(token).get("/wallet").status_code == 200
    finally:
        redis_server.start()


def test_a_person_calls_the_api_so_often_and_no_faster(
    asha: User, ravi: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All in one second, however long this machine takes for them.
    monkeypatch.setattr(Pace, "_now", lambda pace: (7, 0.5))
    mine, other = Caller(token_for(asha)), Caller(token_for(ravi))
    answers = [mine.get("/wallet") for _ in range(60)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) > 10
    assert refused[0].json()["code"] == "too_many_requests"
    assert refused[0].headers["Content-Type"] == "application/problem+json"
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert other.get("/wallet").status_code == 200
