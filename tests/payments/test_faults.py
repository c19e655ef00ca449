"""kill -9 at the worst moments: the money and the deliveries are both there, once, or neither is."""

import json
import signal
import threading
import time
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from config.tokens import issue_token
from notifications.models import Delivery, Notification
from notifications.outbox import sweeping
from notifications.queues import queue_named
from payments import services
from payments.ledger import check_ledger, wallet_id
from payments.models import Transfer
from tests.payments.factories import balance, make_person
from tests.servers.processes import ServerProcess

pytestmark = pytest.mark.django_db(transaction=True)

_SEND_AND_DIE = """
import os, signal
from django.contrib.auth.models import User
from django.db import connection
from notifications.outbox import wakeups
from payments import services

def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

if {moment!r} == "after the commit":
    wakeups.push_jobs = die
else:
    connection._commit = die
people = {{user.username: user for user in User.objects.all()}}
services.send_money(payer=people["asha"], payee=people["ravi"], amount_paise=100, key="k")
"""


@pytest.fixture
def asha() -> User:
    return make_person("asha", paise=100_000)


@pytest.fixture
def ravi() -> User:
    return make_person("ravi")


@pytest.mark.parametrize("moment", ["after the commit", "before the commit"])
def test_killed_around_the_commit(
    asha: User, ravi: User, start_command: Callable[..., ServerProcess], moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start_command("shell", "-c", _SEND_AND_DIE.format(moment=moment))
    assert process.popen.wait(60) == -signal.SIGKILL, process.output()
    is_there = moment == "after the commit"
    assert balance(wallet_id(ravi)) == (100 if is_there else 0)
    receipts = Notification.objects.filter(kind__in=["transfer_sent", "transfer_received"])
    assert receipts.count() == (2 if is_there else 0)
    assert queue_named("email").count == 0
    monkeypatch.setattr(sweeping, "GRACE", timedelta(0))
    sweeping.sweep()
    assert queue_named("email").count == int(is_there)
    retried = services.send_money(payer=asha, payee=ravi, amount_paise=100, key="k")
    assert retried.is_replay is is_there
    assert balance(wallet_id(ravi)) == 100
    assert receipts.count() == 2
    assert Delivery.objects.filter(notification__in=receipts, channel="email").count() == 2
    assert check_ledger().faults == []


def test_money_moves_while_redis_is_away(asha: User, ravi: User, redis_server: Any) -> None:
    redis_server.kill()
    try:
        services.send_money(payer=asha, payee=ravi, amount_paise=100, key="k")
    finally:
        redis_server.start()
    assert balance(wallet_id(ravi)) == 100
    assert Delivery.objects.filter(notification__kind="transfer_received", channel="sms").count() == 1


def test_a_server_killed_under_load_pays_each_request_once(
    asha: User, ravi: User, live_server_factory: Callable[..., list]
) -> None:
    """Each client retries with its key until it has an answer, whatever happened to the server meanwhile."""
    token = issue_token(user=asha, scopes=["wallet:transfer"], lifetime=timedelta(hours=1))
    first = live_server_factory()[0]
    urls = [first.url]
    answers: dict[int, str] = {}

    def send(number: int) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            request = urllib.request.Request(
                f"{urls[-1]}/api/transfers",
                json.dumps({"recipient": "ravi", "amount_paise": 10}).encode(),
                {
                    "Authorization": f"Bearer {token}",
                    "Idempotency-Key": str(number),
                    "Content-Type": "application/json",
                },
            )
            try:
                with urllib.request.urlopen(request, timeout=10) as response:
                    answers[number] = json.load(response)["id"]
                    return
            except (OSError, ValueError):
                time.sleep(0.05)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 30
    while time.monotonic() < end and Transfer.objects.filter(kind="transfer").count() < 3:
        time.sleep(0.01)
    first.popen.kill()
    urls.append(live_server_factory()[0].url)
    for thread in threads:
        thread.join()
    assert len(answers) == 24
    assert Transfer.objects.filter(kind="transfer").count() == 24
    assert {str(id_) for id_ in Transfer.objects.filter(kind="transfer").values_list("pk", flat=True)} == set(
        answers.values()
    )
    assert balance(wallet_id(ravi)) == 240
    assert Notification.objects.filter(kind="transfer_received").count() == 24
    assert check_ledger().faults == []
