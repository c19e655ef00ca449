"""The staff's pages and /metrics."""

import json
from datetime import timedelta
from typing import Any
from urllib.request import urlopen

import pytest
from django.test import Client
from django.utils import timezone

from notifications.events import emit, following
from notifications.events.numbering import number_events
from notifications.models import Delivery, Notification, State
from notifications.outbox.delivering import deliver
from notifications.queues import push_job
from notifications.services import notify
from tests.notifications.factories import make_person
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.django_db


def dead_letter() -> Delivery:
    told = notify(user=make_person(), kind="test_message", key="1", data={})
    told.deliveries.filter(channel="email").update(state=State.DEAD, due_at=None, reason="no such mailbox")
    return told.deliveries.get(channel="email")


@pytest.mark.parametrize("path", ["/staff/queues/", "/staff/messages/test_message/"])
def test_they_are_for_staff(client: Client, admin_client: Client, path: str) -> None:
    assert client.get(path).status_code == 302
    client.force_login(make_person())
    assert client.get(path).status_code == 302
    assert admin_client.get(path).status_code == 200


def test_queues_show_what_waits_and_what_was_done(admin_client: Client) -> None:
    asha = make_person()
    notify(user=asha, kind="test_message", key="1", data={})
    deliver("email", [])
    push_job("sms", "notifications.jobs.deliver", "sms", [])
    page = admin_client.get("/staff/queues/").content.decode()
    for name in ("email", "sms", "push", "webhooks", "judge-free"):
        assert f'class="mono">{name}</th>' in page
    assert "1 in 60 minutes" in page
    assert "No worker" in page
    part = admin_client.get("/staff/queues/?part=queues").content.decode()
    assert "<html" not in part
    assert "judge-premium" in part


def test_a_worker_and_what_it_does_are_shown(admin_client: Client, redis_server: RedisServer) -> None:
    redis_server.client.hset("rq:worker:w", mapping={"state": "busy", "queues": "sms", "hostname": "box", "pid": "42"})
    redis_server.client.sadd("rq:workers", "rq:worker:w")
    page = admin_client.get("/staff/queues/?part=queues").content.decode()
    assert "box:42" in page
    assert "busy" in page


def test_without_redis_it_says_so(admin_client: Client, redis_server: RedisServer) -> None:
    redis_server.kill()
    assert "Redis is away" in admin_client.get("/staff/queues/").content.decode()


def test_dead_letters_are_replayed_one_or_all(admin_client: Client) -> None:
    first, second = dead_letter(), dead_letter()
    assert "no such mailbox" in admin_client.get("/staff/queues/").content.decode()
    assert "no such mailbox" not in admin_client.get("/staff/queues/?channel=sms").content.decode()
    assert admin_client.get("/staff/queues/replay/").status_code == 405
    admin_client.post("/staff/queues/replay/", {"delivery": [first.pk, "x"]})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (State.PENDING, State.DEAD)
    admin_client.post("/staff/queues/replay/", {"all": "1", "channel": "email"})
    second.refresh_from_db()
    assert second.state == State.PENDING


def test_strangers_replay_and_test_nothing(client: Client) -> None:
    letter = dead_letter()
    client.force_login(make_person())
    client.post("/staff/queues/replay/", {"delivery": [letter.pk]})
    client.post("/staff/queues/test/")
    letter.refresh_from_db()
    assert letter.state == State.DEAD
    assert Notification.objects.count() == 1


def test_staff_send_themselves_a_test(admin_client: Client) -> None:
    assert admin_client.post("/staff/queues/test/")["Location"] == "/inbox/"
    assert Delivery.objects.filter(notification__user__username="admin").count() == 3


def test_a_kind_is_read_in_each_language(admin_client: Client) -> None:
    assert "None yet" in admin_client.get("/staff/messages/test_message/").content.decode()
    notify(user=make_person(), kind="test_message", key="1", data={})
    page = admin_client.get("/staff/messages/test_message/").content.decode()
    assert "A test message from Chowk" in page
    assert "चौक से एक परीक्षण संदेश" in page
    assert admin_client.get("/staff/messages/nothing/").status_code == 404


def test_metrics_are_for_who_holds_the_token(client: Client, settings: Any) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "s3cret"
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    dead_letter()
    emit("thing.done", {})
    number_events()
    following.Follower.objects.create(name="audit")
    answer = client.get("/metrics", headers={"Authorization": "Bearer s3cret"})
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.content.decode().splitlines()
    assert "chowk_redis_up 1" in lines
    assert 'chowk_queue_dead_letters{queue="email"} 1' in lines
    assert 'chowk_subscriber_lag{subscriber="audit"} 1' in lines
    assert 'chowk_queue_workers{queue="judge-free"} 0' in lines


@pytest.mark.django_db(transaction=True)
def test_readyz_tells_of_a_missing_worker(daphne: Any) -> None:
    told = notify(user=make_person(), kind="test_message", key="1", data={})
    told.deliveries.update(due_at=timezone.now() - timedelta(minutes=5))
    with urlopen(f"{daphne.url}/readyz?deep") as answer:
        oldest = json.load(answer)["oldest_due_seconds"]
    assert oldest["email"] >= 300
    assert oldest["webhooks"] == 0
    with urlopen(f"{daphne.url}/readyz") as answer:
        assert "oldest_due_seconds" not in json.load(answer)
