"""Announcements: looked over, written as a row at once, told in parts by a worker that may vanish."""

import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Membership, Room
from judge.models import Contest, Participation
from notifications import audiences, fleet
from notifications.errors import UnknownAudience
from notifications.models import Announcement, Delivery, DomainEvent, Notification
from notifications.queues import queue_named
from notifications.services import announce, announcements, refuse
from tests.notifications.factories import make_person
from tests.servers.processes import ServerProcess, wait_until

pytestmark = pytest.mark.django_db

WORDS = {"title": "Contest on Sunday", "text": "Ten problems.\n\nCome early.", "url": "/judge/contests/"}
FORM = {**WORDS, "audience": "everyone", "key": "k1"}


@pytest.fixture
def boss() -> User:
    return User.objects.create_user("boss", "boss@example.com", "sesame-open-9", is_staff=True)


def crowd(count: int) -> list[User]:
    return User.objects.bulk_create(
        User(username=f"one-{number}", email=f"one-{number}@example.com") for number in range(count)
    )


def begin(author: User, key: str = "k1", audience: str = "everyone") -> Announcement:
    announce(author=author, key=key, audience=audience, **WORDS)
    return Announcement.objects.get(key=key)


def tell_all() -> int:
    """Do all jobs' work; returns how many parts there were."""
    parts = 0
    while announcements.tell_some():
        parts += 1
    return parts


def told_names() -> set[str]:
    return set(Notification.objects.filter(kind="announcement").values_list("user__username", flat=True))


# --- Telling -----------------------------------------------------------------------------------------------


def test_the_request_costs_the_same_however_many_are_told(boss: User) -> None:
    crowd(3)
    with CaptureQueriesContext(connection) as few:
        begin(boss, "few")
    crowd_of_many = User.objects.bulk_create(User(username=f"many-{number}") for number in range(2000))
    with CaptureQueriesContext(connection) as many:
        begin(boss, "many")
    assert len(many) == len(few)
    assert not Notification.objects.exists()
    assert Announcement.objects.get(key="many").people_count == len(crowd_of_many) + 4


def test_it_is_told_in_parts_each_once(boss: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "PART", 4)
    crowd(9)
    row = begin(boss)
    assert announcements.tell_some()
    row.refresh_from_db()
    assert (row.told_count, row.people_count, row.is_finished) == (4, 10, False)
    assert tell_all() == 2
    row.refresh_from_db()
    assert (row.told_count, row.is_finished) == (10, True)
    assert Notification.objects.filter(kind="announcement", key="k1").count() == 10
    assert Delivery.objects.count() == 30
    [event] = DomainEvent.objects.all()
    assert event.name == "announcement.sent"
    assert event.data == {"title": "Contest on Sunday", "audience": "everyone", "people": 10}
    assert event.actor_id == boss.pk
    assert not announcements.tell_some()


def test_the_same_key_tells_nobody_twice(boss: User) -> None:
    assert announce(author=boss, key="k1", audience="everyone", **WORDS)
    assert not announce(author=boss, key="k1", audience="everyone", **WORDS)
    tell_all()
    assert Notification.objects.count() == 1


def test_two_announcements_take_turns(boss: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "PART", 2)
    crowd(5)
    long, short = begin(boss, "long"), begin(boss, "short")
    announcements.tell_some()
    announcements.tell_some()
    told = dict(Announcement.objects.values_list("key", "told_count"))
    assert told == {long.key: 2, short.key: 2}


def test_a_part_that_fails_is_told_whole_the_next_time(boss: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "PART", 2)
    crowd(3)
    begin(boss)
    announcements.tell_some()
    with monkeypatch.context() as broken:
        broken.setattr(announcements.timezone, "now", lambda: 1 / 0)  # after the rows, before the cursor
        with pytest.raises(ZeroDivisionError):
            announcements.tell_some()
    assert Notification.objects.count() == 2
    tell_all()
    assert Notification.objects.count() == 4
    assert Announcement.objects.get().told_count == 4


def test_the_clock_wakes_one_that_stands_still(boss: User) -> None:
    begin(boss)
    queue_named("events").empty()
    assert not announcements.resume()  # its job may be on the way
    Announcement.objects.update(moved_at=timezone.now() - timedelta(seconds=70))
    assert fleet.oldest_due_seconds()["events"] >= 70  # seen as a missing worker
    assert announcements.resume()
    assert [job.func_name for job in queue_named("events").jobs] == ["notifications.jobs.tell_announcements"]
    tell_all()
    assert not announcements.resume()


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_leaves_nobody_out(
    boss: User, worker: Callable[..., ServerProcess], clock: Callable[..., ServerProcess]
) -> None:
    crowd(3000)
    victim = worker("events")
    row = begin(boss)
    wait_until(lambda: Announcement.objects.filter(told_count__gt=0).exists())
    os.kill(victim.pid, signal.SIGKILL)
    victim.popen.wait()
    row.refresh_from_db()
    assert not row.is_finished
    assert Notification.objects.count() == row.told_count
    Announcement.objects.update(moved_at=timezone.now() - announcements.STUCK_AFTER)
    worker("events")
    clock()
    wait_until(lambda: Announcement.objects.filter(finished_at__isnull=False).exists(), seconds=30)
    assert Notification.objects.filter(kind="announcement").count() == 3001
    assert Announcement.objects.get().told_count == 3001
    assert Delivery.objects.count() == 3 * 3001


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_each_once(boss: User) -> None:
    crowd(1200)
    begin(boss)

    def tell() -> None:
        try:
            tell_all()
        finally:
            connection.close()

    others = [threading.Thread(target=tell) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    tell_all()  # one that met the other's lock has gone home
    assert Notification.objects.count() == Announcement.objects.get().told_count == 1201


# --- Audiences ---------------------------------------------------------------------------------------------


def test_everyone_is_who_has_an_open_account(boss: User) -> None:
    closed = make_person("closed")
    User.objects.filter(pk=closed.pk).update(is_active=False)
    begin(boss)
    tell_all()
    assert told_names() == {"boss"}


def test_a_rooms_members_but_not_the_banned(boss: User) -> None:
    asha, ravi, meera = make_person("asha"), make_person("ravi"), make_person("meera")
    room = Room.objects.create(name="General", slug="general-2")
    for person, role in ((asha, Membership.Role.OWNER), (ravi, Membership.Role.BANNED)):
        Membership.objects.create(room=room, user=person, role=role)
    assert (f"room:{room.pk}", "General") in dict(audiences.choices())["Members of a room"]
    assert begin(boss, audience=f"room:{room.pk}").audience_label == "General"
    tell_all()
    assert told_names() == {"asha"}
    assert meera.notifications.count() == 0


def test_a_group_and_a_contest(boss: User) -> None:
    asha, ravi = make_person("asha"), make_person("ravi")
    group = Group.objects.create(name="Mentors")
    group.user_set.add(asha)
    now = timezone.now()
    contest = Contest.objects.create(slug="x", title="Sunday", starts_at=now, ends_at=now + timedelta(hours=3))
    Participation.objects.create(contest=contest, user=ravi, starts_at=now, ends_at=now)
    begin(boss, "to-group", f"group:{group.pk}")
    tell_all()
    assert told_names() == {"asha"}
    begin(boss, "to-contest", f"contest:{contest.pk}")
    tell_all()
    assert told_names() == {"asha", "ravi"}


def test_an_audience_that_went_away_ends_it(boss: User) -> None:
    group = Group.objects.create(name="Mentors")
    begin(boss, audience=f"group:{group.pk}")
    group.delete()
    tell_all()
    assert Announcement.objects.get().is_finished
    assert not Notification.objects.exists()


@pytest.mark.parametrize("audience", ["", "nobody", "room:", "room:x", "room:999999", "planet:1", "everyone:1"])
def test_audiences_that_are_none(boss: User, audience: str) -> None:
    with pytest.raises(UnknownAudience):
        begin(boss, audience=audience)
    assert not Announcement.objects.exists()


# --- The page ----------------------------------------------------------------------------------------------


def test_it_is_looked_over_before_it_goes_to_everyone(admin_client: Client) -> None:
    asha, ravi = make_person(phone="+919812345601"), make_person(email="")
    refuse(user=asha, kind="announcement", channel="email")
    assert "Look it over" in admin_client.get("/staff/announce/").content.decode()
    check = admin_client.post("/staff/announce/", {**FORM, "step": "check"}).content.decode()
    assert "Send this to 3 people?" in check  # asha, ravi and the staff
    assert "To Everyone." in check
    assert '<dt>E-mails</dt><dd class="num">1</dd>' in check
    assert '<dt>Texts</dt><dd class="num">1</dd>' in check
    assert not Announcement.objects.exists()
    back = admin_client.post("/staff/announce/", {**FORM, "step": "edit"}).content.decode()
    assert 'value="Contest on Sunday"' in back
    for said in ("It is going out.", "This was sent already: nobody is told twice."):
        page = admin_client.post("/staff/announce/", {**FORM, "step": "send"}, follow=True)
        assert [str(message) for message in page.context["messages"]] == [said]
    assert 'of <span class="num">3</span> people told' in page.content.decode()
    assert "Contest on Sunday" in admin_client.get("/staff/queues/?part=queues").content.decode()
    tell_all()
    part = admin_client.get("/staff/announce/?part=sent").content.decode()
    assert "<html" not in part
    assert '<span class="num">3</span> people' in part
    told = Notification.objects.filter(kind="announcement")
    assert {row.user for row in told} == {asha, ravi, User.objects.get(username="admin")}
    assert told[0].data == {"title": WORDS["title"], "text": WORDS["text"]}
    assert "Contest on Sunday" not in admin_client.get("/staff/queues/?part=queues").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [{"title": ""}, {"text": " "}, {"url": "https://other.example/"}, {"url": "//x"}, {"audience": "room:999999"}],
)
def test_a_bad_one_is_refused_in_words(admin_client: Client, wrong: dict[str, str]) -> None:
    answer = admin_client.post("/staff/announce/", {**FORM, **wrong, "step": "send"})
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert not Announcement.objects.exists()


def test_announcing_is_for_staff(client: Client) -> None:
    client.force_login(make_person())
    assert client.post("/staff/announce/", {**FORM, "step": "send"}).status_code == 302
    assert not Announcement.objects.exists()
