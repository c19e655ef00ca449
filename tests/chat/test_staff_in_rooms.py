"""Staff keep public rooms, so that those which no one owns (about a problem, a contest) are moderated too."""

import pytest
from django.contrib.auth.models import User

from chat import errors, queries, services
from chat.models import AuditEntry, Membership, Report, Room
from chat.roles import TABLE, Action, Standing
from notifications.models import Notification
from tests.chat.factories import make_member, make_room, make_user, post, seat

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> User:
    return User.objects.create_user("boss", is_staff=True)


@pytest.fixture
def topic() -> Room:
    """The room of a problem, with one member and no owner."""
    room = services.open_topic_room(key="problem:two-sum", name="Two sum")
    make_member(room, make_user("member"))
    return room


def test_a_room_that_no_one_owns_is_kept_by_staff(staff, topic) -> None:
    member = User.objects.get(username="member")
    message = post(topic, member, "rude")
    with pytest.raises(errors.NotAllowed):
        services.mute(seat=seat(member, topic), username="member", minutes=5)
    here = seat(staff, topic)
    assert here.standing == Standing.STAFF
    services.delete_message(seat=here, message=message)
    services.set_slow_mode(seat=here, seconds=5)
    services.mute(seat=here, username="member", minutes=5)
    services.mute(seat=here, username="member", minutes=0)
    services.set_role(seat=here, username="member", role="moderator")
    services.ban(seat=here, username="member")
    services.archive_room(seat=here)
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "actor__username")) == [
        (action, "boss")
        for action in (
            "message.deleted",
            "room.slow_mode",
            "member.muted",
            "member.unmuted",
            "role.set",
            "member.banned",
            "room.archived",
        )
    ]


def test_staff_write_only_as_members_and_count_as_owners_then(staff, topic) -> None:
    with pytest.raises(errors.NotAMember):
        post(topic, staff)
    services.join_room(seat=seat(staff, topic))
    assert seat(staff, topic).standing == Standing.OWNER
    post(topic, staff, "@room hello")


def test_an_owner_neither_mutes_nor_bans_staff_and_staff_bans_an_owner(staff) -> None:
    owner = make_user()
    room = make_room(owner)
    for target_is_inside in (False, True):
        if target_is_inside:
            make_member(room, staff)
        with pytest.raises(errors.NotAllowed):
            services.ban(seat=seat(owner, room), username="boss")
    with pytest.raises(errors.NotAllowed):
        services.mute(seat=seat(owner, room), username="boss", minutes=5)
    with pytest.raises(errors.NotAllowed):
        services.ban(seat=seat(staff, room), username="boss")
    services.ban(seat=seat(staff, room), username=owner.username)
    with pytest.raises(errors.Banned):
        seat(owner, room)


@pytest.mark.parametrize("kind", [Room.Kind.PRIVATE, Room.Kind.DIRECT])
def test_private_rooms_show_themselves_to_staff_no_more_than_to_others(staff, kind) -> None:
    room = make_room(make_user(), kind=kind, key="direct:1:2" if kind == Room.Kind.DIRECT else None)
    with pytest.raises(errors.RoomNotFound):
        seat(staff, room)


def test_who_stops_being_staff_stops_at_once_on_an_open_socket(staff, topic) -> None:
    loaded_when_the_socket_opened = User.objects.get(pk=staff.pk)
    User.objects.filter(pk=staff.pk).update(is_staff=False)
    assert seat(loaded_when_the_socket_opened, topic).standing == Standing.VISITOR


def test_reports_that_no_keeper_would_see_go_to_staff(staff, topic) -> None:
    member, other = User.objects.get(username="member"), make_user()
    make_member(topic, other)
    services.report_message(seat=seat(other, topic), message=post(topic, member, "rude"), reason="")
    direct = services.open_direct(starter=member, usernames=[other.username])
    services.report_message(seat=seat(other, direct), message=post(direct, member, "worse"), reason="")
    of_direct = Report.objects.get(message__room=direct)
    urls = Notification.objects.filter(user=staff, kind="chat_report").order_by("pk").values_list("url", flat=True)
    assert list(urls) == [f"/rooms/{topic.slug}/moderation/", f"/admin/chat/report/{of_direct.pk}/change/"]
    assert Notification.objects.filter(kind="chat_report").exclude(user=staff).count() == 0


@pytest.mark.parametrize("action", [Action.DESCRIBE, Action.MUTE, Action.SEE_AUDIT, Action.POST, Action.UPLOAD])
def test_the_table_decides_for_staff(staff, topic, action) -> None:
    assert seat(staff, topic).may(action) == (Standing.STAFF in TABLE[action])


def test_staff_see_the_menus_of_a_room_they_are_not_in(client, staff, topic) -> None:
    client.force_login(staff)
    page = client.get(topic.get_absolute_url()).content.decode()
    assert "Moderation" in page
    assert "Join the room" in page
    for tab in ("people", "settings", "moderation"):
        assert client.get(f"{topic.get_absolute_url()}{tab}/").status_code == 200
    assert queries.rooms_of(staff) == []
    assert Membership.objects.filter(user=staff).count() == 0
