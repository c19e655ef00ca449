"""Domain events: published with the transaction, numbered in order, followed by each subscriber for itself."""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import django_rq
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone

from notifications.events import Subscriber, audit, emit, following, metrics, register
from notifications.events.numbering import number_events
from notifications.models import AuditEntry, DomainEvent, Follower, MinuteMetric
from tests.notifications.factories import make_person
from tests.servers.processes import ServerProcess, wait_until
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.django_db
real_commits = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seen() -> Iterator[list[int]]:
    """A subscriber of the test's own, and the values it has seen; it stumbles over "bad" ones."""
    values: list[int] = []

    def handle(news: Sequence[DomainEvent]) -> None:
        for event in news:
            if event.data.get("bad"):
                raise RuntimeError("this one is too much")
            values.append(event.data["n"])

    register(Subscriber(name="test", queue="metrics", handle=handle))
    yield values
    del following._subscribers["test"]


@transaction.atomic
def publish(*numbers: int, name: str = "thing.done", **data: Any) -> None:
    for number in numbers:
        emit(name, {"n": number, **data})


def publish_and_think_better_of_it() -> None:
    with transaction.atomic():
        emit("thing.done", {"n": 99})
        transaction.set_rollback(True)


@real_commits
def test_it_belongs_in_a_transaction_and_goes_with_it() -> None:
    with pytest.raises(ValueError, match="belongs in the transaction"):
        emit("thing.done", {})
    publish_and_think_better_of_it()
    assert not DomainEvent.objects.exists()
    assert django_rq.get_queue("events").count == 0


@real_commits
def test_one_waiting_job_stands_for_any_number_of_events(redis_server: RedisServer) -> None:
    publish(1, 2, 3)
    publish(4)
    assert django_rq.get_queue("events").count == 1
    following.spread()
    publish(5)
    assert django_rq.get_queue("events").count == 2


@real_commits
def test_redis_being_away_fails_no_request(redis_server: RedisServer, seen: list[int]) -> None:
    redis_server.kill()
    publish(1)
    assert following.spread() == 0
    redis_server.start()
    following.spread()
    assert following.follow("test") == 1
    assert seen == [1]


def test_positions_have_no_gaps_and_keep_the_order(seen: list[int]) -> None:
    publish(1, 2)
    publish_and_think_better_of_it()
    publish(3)
    assert number_events() == 3
    publish(4)
    number_events()
    positions = DomainEvent.objects.order_by("position").values_list("position", flat=True)
    assert list(positions) == [1, 2, 3, 4]
    following.follow("test")
    assert seen == [1, 2, 3, 4]


@real_commits
def test_an_event_that_commits_late_is_not_passed_over(seen: list[int]) -> None:
    if connections["default"].vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time, so nothing commits late")
    begun, commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            emit("thing.done", {"n": 1})
            begun.set()
            commit.wait(10)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(10)
    publish(2)  # a higher id, committed first
    number_events()
    following.follow("test")
    commit.set()
    thread.join()
    number_events()
    following.follow("test")
    assert seen == [2, 1]


def test_a_failing_subscriber_loses_nothing_and_delays_nobody(seen: list[int]) -> None:
    publish(1)
    publish(2, bad=True)
    publish(3)
    number_events()
    assert following.follow("test") == 0
    follower = Follower.objects.get(name="test")
    assert (follower.cursor, follower.failure_count) == (0, 1)
    assert "too much" in follower.error
    assert follower.due_at is not None
    assert follower.due_at > timezone.now()
    assert following.follow("audit") == 3
    assert AuditEntry.objects.count() == 3
    assert following.follow("test") == 0  # not before its time
    DomainEvent.objects.filter(data__n=2).update(data={"n": 2})
    Follower.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert following.follow("test") == 3
    assert seen[-3:] == [1, 2, 3]
    assert Follower.objects.get(name="test").failure_count == 0


def test_a_new_subscriber_begins_at_the_first_event_and_any_can_be_set_back(seen: list[int]) -> None:
    publish(*range(1, 8))
    following.spread()
    assert following.follow("test") == 7
    following.replay("test", from_position=5)
    assert following.follow("test") == 2
    assert seen == [*range(1, 8), 6, 7]
    following.follow("audit")
    following.replay("audit")
    following.follow("audit")
    assert AuditEntry.objects.count() == 7


def test_only_those_who_are_behind_are_woken(seen: list[int]) -> None:
    assert following.spread() == 0
    publish(1)
    assert following.spread() == len(following.all_subscribers())
    for subscriber in following.all_subscribers():
        following.follow(subscriber.name)
    assert following.wake_followers() == 0


@real_commits
def test_two_workers_deal_with_each_event_once(seen: list[int]) -> None:
    publish(*range(30))
    number_events()
    barrier = threading.Barrier(3)

    def work() -> None:
        barrier.wait()
        following.follow("test")
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == list(range(30))


def test_more_than_a_batch(seen: list[int]) -> None:
    publish(*range(following.BATCH + 10))
    number_events()
    assert following.follow("test") == following.BATCH + 10


def test_the_chain_shows_what_was_changed_removed_or_inserted() -> None:
    asha = make_person()
    with transaction.atomic():
        for number in range(5):
            emit("transfer.completed", {"amount_paise": number, "note": "₹ चाय"}, actor=asha, about=[asha])
    number_events()
    following.follow("audit")
    whole = audit.verify()
    assert (whole.checked, whole.broken_at) == (5, None)
    assert AuditEntry.objects.get(position=1).actor_id == asha.pk
    AuditEntry.objects.filter(position=3).update(data={"amount_paise": 1_000_000})
    assert audit.verify().broken_at == 3
    forged = AuditEntry.objects.get(position=3)
    AuditEntry.objects.filter(pk=forged.pk).update(hash=audit.hash_of(forged))
    assert audit.verify().broken_at == 4
    forged.delete()
    assert audit.verify().broken_at == 4


def test_a_chain_cut_off_at_its_end_shows_in_its_head() -> None:
    publish(1, 2, 3)
    number_events()
    following.follow("audit")
    before = audit.verify()
    AuditEntry.objects.get(position=3).delete()
    after = audit.verify()
    assert after.broken_at is None
    assert after.head != before.head


def test_the_chain_is_verified_by_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    publish(1, 2, 3)
    number_events()
    following.follow("audit")
    call_command("verify_audit")
    said = capsys.readouterr().out
    assert said.startswith("3 entries, unbroken. Head ")
    head = said.split()[-1]
    publish(4)
    number_events()
    following.follow("audit")
    call_command("verify_audit", head)  # a longer chain still holds it
    AuditEntry.objects.filter(position__gte=3).delete()
    call_command("verify_audit")
    with pytest.raises(CommandError, match="it was cut off"):
        call_command("verify_audit", head)
    AuditEntry.objects.filter(position=2).update(name="other")
    with pytest.raises(CommandError, match="broken at position 2, after 1 good entries"):
        call_command("verify_audit")


def test_minutes_are_counted_and_timed() -> None:
    publish(1, 2, milliseconds=30)
    publish(3, milliseconds=90)
    publish(4, name="other.done")
    number_events()
    following.follow("metrics")
    rows = {row.name: row for row in MinuteMetric.objects.all()}
    if len(rows) == 2:  # unless a minute has just turned
        thing = rows["thing.done"]
        assert (thing.count, thing.milliseconds, thing.longest_milliseconds) == (3, 150, 90)
        assert rows["other.done"].count == 1
    metrics.add([("queue.sms.done", timezone.now(), None)])
    following.replay("metrics")
    assert MinuteMetric.objects.get().name == "queue.sms.done"
    following.follow("metrics")
    MinuteMetric.objects.filter(name="queue.sms.done").delete()
    assert {row.name: row.count for row in MinuteMetric.objects.all()} == {n: row.count for n, row in rows.items()}
    with pytest.raises(ValueError, match="only begin again at the first"):
        following.replay("metrics", from_position=1)
    MinuteMetric.objects.update(minute=timezone.now() - metrics.KEPT - timedelta(minutes=1))
    assert metrics.forget_old() == len(rows)


@real_commits
def test_a_real_worker_carries_an_event_to_every_subscriber(worker: Callable[..., ServerProcess]) -> None:
    worker("events", "audit", "metrics")
    publish(1)
    wait_until(lambda: AuditEntry.objects.count() == 1)
    wait_until(lambda: MinuteMetric.objects.filter(name="thing.done", count=1).exists())


@pytest.mark.parametrize(
    "model", ["domainevent", "follower", "auditentry", "minutemetric", "webhook", "webhookdelivery"]
)
def test_staff_see_them_in_the_admin(admin_client: Client, model: str) -> None:
    publish(1)
    number_events()
    following.follow("audit")
    following.follow("metrics")
    assert admin_client.get(f"/admin/notifications/{model}/").status_code == 200
    assert admin_client.get(f"/admin/notifications/{model}/?q=thing").status_code == 200
    assert admin_client.get(f"/admin/notifications/{model}/add/").status_code == 403


def test_staff_set_a_subscriber_back(admin_client: Client, admin_user: User) -> None:
    publish(1, 2)
    number_events()
    following.follow("audit")
    follower = Follower.objects.get(name="audit")
    admin_client.post(
        "/admin/notifications/follower/", {"action": "replay", "_selected_action": [follower.pk]}, follow=True
    )
    follower.refresh_from_db()
    assert follower.cursor == 0
