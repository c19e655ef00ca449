"""The staff's pages and /metrics."""

import json
from datetime import timedelta
from typing import Any
from urllib.request import urlopen

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from notifications import fleet, kinds
from notifications.events import emit, following, metrics
from notifications.events.numbering import number_events
from notifications.models import Delivery, DomainEvent, Notification, State
from notifications.outbox.delivering import deliver
from notifications.queues import push_job, queue_named
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
    assert "Done in each of the last 60 minutes: at most 1, now 1" in page
    assert "No worker" in page
    part = admin_client.get("/staff/queues/?part=queues").content.decode()
    assert "<html" not in part
    assert "judge-premium" in part


def test_the_charts_keep_what_waited(admin_client: Client) -> None:
    told = notify(user=make_person(), kind="test_message", key="1", data={})
    with transaction.atomic():
        emit("thing.done", {})
    push_job("judge-free", "judge.jobs.grade", 1)
    fleet.note_depths()
    told.deliveries.all().delete()
    fleet.note_depths()  # of two looks in one minute the higher one stays
    page = admin_client.get("/staff/queues/?part=queues").content.decode()
    assert page.count("Waiting in each of the last 60 minutes: at most 1") == 5  # email, sms, push, events, judge-free


def test_events_that_nobody_numbers_or_follows_are_a_backlog() -> None:
    with transaction.atomic():
        emit("thing.done", {})
    DomainEvent.objects.update(at=timezone.now() - timedelta(minutes=5))
    assert fleet.oldest_due_seconds()["events"] >= 300
    assert fleet.oldest_due_seconds()["audit"] == 0
    number_events()
    ages = fleet.oldest_due_seconds()
    assert ages["events"] == 0
    assert min(ages["audit"], ages["metrics"], ages["webhooks"]) >= 300
    following.follow("audit")
    assert fleet.oldest_due_seconds()["audit"] == 0


def test_a_job_that_nobody_takes_is_a_backlog(redis_server: RedisServer) -> None:
    push_job("judge-free", "judge.jobs.grade", 1)
    [job] = queue_named("judge-free").jobs
    job.enqueued_at -= timedelta(minutes=3)
    job.save()
    assert fleet.oldest_due_seconds()["judge-free"] >= 180
    redis_server.kill()
    assert fleet.oldest_due_seconds()["judge-free"] == 0  # it says what the database knows


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
    assert replayed(admin_client, {"delivery": [first.pk, "x"], "chosen": "1"}) == "1 on its way again."
    assert (state_of(first), state_of(second)) == (State.PENDING, State.DEAD)
    third = dead_letter()
    # The button of a row means that row, whatever else is chosen.
    assert replayed(admin_client, {"delivery": [second.pk], "one": [third.pk]}) == "1 on its way again."
    assert (state_of(second), state_of(third)) == (State.DEAD, State.PENDING)
    assert replayed(admin_client, {"one": [third.pk]}) == "None is a dead letter any more."
    assert replayed(admin_client, {}) == "Nothing was chosen."
    assert replayed(admin_client, {"all": "1", "channel": "sms"}) == "Nothing was chosen."
    assert replayed(admin_client, {"all": "1", "channel": "email"}) == "1 on its way again."
    assert state_of(second) == State.PENDING


def state_of(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.state


def replayed(client: Client, fields: dict[str, Any]) -> str:
    """What the page says after replaying."""
    answer = client.post("/staff/queues/replay/", fields, follow=True)
    [said] = answer.context["messages"]
    return str(said)


def test_a_replay_comes_back_to_the_same_channel(admin_client: Client) -> None:
    fields = {"one": [dead_letter().pk], "channel": "email"}
    assert admin_client.post("/staff/queues/replay/", fields)["Location"] == "/staff/queues/?channel=email"
    fields["channel"] = "//elsewhere"
    assert admin_client.post("/staff/queues/replay/", fields)["Location"] == "/staff/queues/"


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


@pytest.mark.parametrize(("channel", "channels"), [("email", {"email", "push"}), ("push", {"push"})])
def test_staff_test_one_channel(admin_client: Client, channel: str, channels: set[str]) -> None:
    admin_client.post("/staff/queues/test/", {"channel": channel})
    assert set(Delivery.objects.values_list("channel", flat=True)) == channels
    assert admin_client.post("/staff/queues/test/", {"channel": "pigeon"}).status_code == 404


@pytest.mark.parametrize("kind", [kind.name for kind in kinds.all_kinds()])
def test_every_kind_is_read_on_each_channel_in_each_language(admin_client: Client, kind: str) -> None:
    page = admin_client.get(f"/staff/messages/{kind}/").content.decode()
    channels = {*kinds.get(kind).channels, "push"}
    assert page.count('<article class="reading"') == 2 * len(channels)
    assert "हिन्दी" in page
    if "email" in channels:
        answer = admin_client.get(f"/staff/messages/{kind}/email/hi/")
        assert '<html lang="hi">' in answer.content.decode()
        assert "style-src 'unsafe-inline'" in answer["Content-Security-Policy"]
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_a_preview_is_of_known_kinds_and_languages(admin_client: Client, client: Client) -> None:
    assert admin_client.get("/staff/messages/nothing/").status_code == 404
    assert admin_client.get("/staff/messages/test_message/email/fr/").status_code == 404
    client.force_login(make_person())
    assert client.get("/staff/messages/test_message/email/en/").status_code == 302


# --- Announcements -----------------------------------------------------------------------------------------


def test_metrics_are_for_who_holds_the_token(client: Client, settings: Any) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "s3cret"
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    dead_letter()
    emit("thing.done", {})
    number_events()
    following.Follower.objects.create(name="audit")
    metrics.add((name, timezone.now() - timedelta(minutes=1), 40.0) for name in ("thing.done", "queue.sms.done"))
    answer = client.get("/metrics", headers={"Authorization": "Bearer s3cret"})
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.content.decode().splitlines()
    assert "chowk_redis_up 1" in lines
    assert 'chowk_queue_dead_letters{queue="email"} 1' in lines
    assert 'chowk_subscriber_lag{subscriber="audit"} 1' in lines
    assert 'chowk_queue_workers{queue="judge-free"} 0' in lines
    events = [line for line in lines if line.startswith(("chowk_events", "chowk_event_"))]
    assert events == [
        'chowk_events_per_minute{event="thing.done"} 1',
        'chowk_event_mean_milliseconds{event="thing.done"} 40',
    ]


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
