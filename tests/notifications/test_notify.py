"""notify(): rows in the caller's transaction, one wake-up per channel after its commit."""

import threading
from collections.abc import Iterator

import django_rq
import pytest
from django.contrib.auth.models import User
from django.db import connections, transaction

from notifications import kinds, queries
from notifications.models import Delivery, Notification, State
from notifications.services import notify, notify_many
from tests.notifications.factories import make_person, registered_kind
from tests.servers.redis import RedisServer


@pytest.fixture(autouse=True)
def sample() -> Iterator[kinds.Kind]:
    with registered_kind() as kind:
        yield kind


@pytest.mark.django_db
def test_it_writes_one_notification_and_a_delivery_per_channel() -> None:
    asha = make_person()
    notification = notify(user=asha, kind="sample", key="t1", data={"amount_paise": 10000}, url="/wallet/")
    stored = Notification.objects.get()
    assert stored == notification
    assert (stored.data, stored.url, stored.created_at) == (
        {"amount_paise": 10000},
        "/wallet/",
        notification.created_at,
    )
    rows = Delivery.objects.values_list("channel", "state", "due_at")
    assert sorted(rows) == [(c, State.PENDING, stored.created_at) for c in ("email", "push", "sms")]
    assert queries.unread_count(asha) == 1


@pytest.mark.django_db
def test_the_same_key_makes_no_second_one() -> None:
    asha, ravi = make_person(), make_person()
    first = notify(user=asha, kind="sample", key="t1", data={"n": 1})
    again = notify(user=asha, kind="sample", key="t1", data={"n": 2})
    assert (again.pk, again.data) == (first.pk, {"n": 1})
    assert notify(user=ravi, kind="sample", key="t1", data={}).pk != first.pk
    assert Delivery.objects.count() == 6


@pytest.mark.django_db
def test_push_carries_every_kind_to_the_open_pages() -> None:
    with registered_kind("letters", channels=("email",)):
        notify(user=make_person(), kind="letters", key="t1", data={})
    assert sorted(Delivery.objects.values_list("channel", flat=True)) == ["email", "push"]


@pytest.mark.django_db
def test_it_takes_few_queries(django_assert_num_queries) -> None:
    asha = make_person()
    with django_assert_num_queries(2):
        notify(user=asha, kind="sample", key="t1", data={})


def test_an_unregistered_kind_is_a_mistake() -> None:
    with pytest.raises(kinds.UnregisteredKind):
        kinds.get("nothing")
    with pytest.raises(ValueError, match="registered already"):
        kinds.register(kinds.get("sample"))
    with pytest.raises(ValueError, match="unknown channels: pigeon"):
        kinds.Kind(name="x", label="X", channels=("pigeon",), templates="x")


@pytest.mark.django_db(transaction=True)
def test_one_job_per_channel_and_transaction_after_its_commit() -> None:
    people = [make_person() for _ in range(3)]
    with transaction.atomic():
        for person in people:
            notify(user=person, kind="sample", key="t1", data={})
        assert django_rq.get_queue("email").count == 0
    for channel in ("email", "sms", "push"):
        [job] = django_rq.get_queue(channel).jobs
        ids = list(Delivery.objects.filter(channel=channel).order_by("id").values_list("id", flat=True))
        assert (job.func_name, job.args) == ("notifications.jobs.deliver", [channel, ids])


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_savepoint_takes_nothing_else_with_it() -> None:
    asha = make_person()

    @transaction.atomic
    def change_ones_mind() -> None:
        notify(user=asha, kind="sample", key="undone", data={})
        raise RuntimeError

    with transaction.atomic():
        with pytest.raises(RuntimeError):
            change_ones_mind()
        notify(user=asha, kind="sample", key="kept", data={})
    [job] = django_rq.get_queue("email").jobs
    assert job.args == ["email", list(Delivery.objects.filter(channel="email").values_list("id", flat=True))]


@pytest.mark.django_db(transaction=True)
def test_redis_being_away_fails_no_request(redis_server: RedisServer) -> None:
    asha = make_person()
    redis_server.kill()
    notify(user=asha, kind="sample", key="t1", data={})
    assert Delivery.objects.filter(state=State.PENDING).count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one() -> None:
    asha = make_person()
    made: list[int] = []
    barrier = threading.Barrier(4)

    def tell() -> None:
        barrier.wait()
        made.append(notify(user=asha, kind="sample", key="t1", data={}).pk)
        connections.close_all()

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1
    assert Delivery.objects.count() == 3


@pytest.mark.django_db
def test_people_are_found_by_their_number() -> None:
    ravi = make_person("ravi", phone="+917010233311")
    assert queries.user_by_phone("+917010233311") == ravi
    assert queries.user_by_phone("+917010233312") is None
    assert queries.contact_of(ravi).phone == "+917010233311"
    ravi.is_active = False
    ravi.save()
    assert queries.user_by_phone("+917010233311") is None


@pytest.mark.django_db
def test_many_are_told_once_each() -> None:
    people = [make_person() for _ in range(5)]
    notify(user=people[0], kind="sample", key="t1", data={})
    assert notify_many(users=people[:3], kind="sample", key="t1", data={"n": 1}) == 2
    assert notify_many(users=iter(people), kind="sample", key="t1", data={"n": 1}) == 2
    assert notify_many(users=people, kind="sample", key="t1", data={"n": 1}) == 0
    assert Notification.objects.count() == 5
    assert Delivery.objects.count() == 15
    assert notify_many(users=[], kind="sample", key="t2", data={}) == 0


@pytest.mark.django_db(transaction=True)
def test_many_are_a_job_per_hundred() -> None:
    people = User.objects.bulk_create(User(username=f"p{n}") for n in range(250))
    notify_many(users=people, kind="sample", key="t1", data={})
    jobs = django_rq.get_queue("email").jobs
    assert [len(job.args[1]) for job in jobs] == [100, 100, 50]
