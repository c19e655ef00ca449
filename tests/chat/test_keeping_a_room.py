"""Rooms, invitations, roles, mutes, bans, slow mode, reports and the audit list: each rule, and who may not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat import errors, queries, services
from chat.models import AuditEntry, Invitation, Membership, Report, Room
from chat.roles import TABLE, Action, Standing
from notifications import streams
from notifications.models import Notification
from tests.chat.factories import make_member, make_room, make_user, post, seat, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_user("owner")


@pytest.fixture
def keeper():
    return make_user("keeper")


@pytest.fixture
def member():
    return make_user("member")


@pytest.fixture
def room(owner, keeper, member):
    """A private room with one of each role."""
    room = make_room(owner, kind=Room.Kind.PRIVATE)
    make_member(room, keeper, Membership.Role.MODERATOR)
    make_member(room, member)
    return room


def actions_of(room: Room) -> list[str]:
    return list(AuditEntry.objects.filter(room=room).order_by("pk").values_list("action", flat=True))


# --- Rooms -------------------------------------------------------------------------------------------------


def test_a_room_is_opened_by_its_owner_under_a_free_address(owner) -> None:
    first = services.create_room(owner=owner, name="  Graph   problems ", description="trees too")
    second = services.create_room(owner=owner, name="Graph problems", is_private=True)
    assert (first.name, first.slug, first.kind) == ("Graph problems", "graph-problems", Room.Kind.PUBLIC)
    assert second.slug.startswith("graph-problems-")
    assert seat(owner, second).standing == Standing.OWNER
    assert services.create_room(owner=owner, name="New").slug not in Room.RESERVED_SLUGS
    assert services.create_room(owner=owner, name="सवाल").slug.startswith("room-")


@pytest.mark.parametrize(
    ("name", "description"), [("", ""), ("  ", ""), ("a" * 81, ""), ("a", "b" * 301), ("\x00", "")]
)
def test_a_bad_name_or_description_is_refused_in_words(owner, name, description) -> None:
    with pytest.raises(errors.InvalidRoom):
        services.create_room(owner=owner, name=name, description=description)
    assert not Room.objects.exists()


def test_a_name_hides_nothing_and_turns_no_writing(owner) -> None:
    room = services.create_room(owner=owner, name="in\u202evoice\u200b \x07now", description="a\u2066b\x00")
    assert (room.name, room.description) == ("invoice now", "ab")
    assert services.create_room(owner=owner, name="क्‍ष 👩‍💻").name == "क्‍ष 👩‍💻"
    for nothing in ("\u200b\u200b", "\u200d", "\u2060 \ufeff"):
        with pytest.raises(errors.InvalidRoom):
            services.create_room(owner=owner, name=nothing)


def test_no_one_opens_rooms_without_end(owner) -> None:
    for i in range(20):
        services.create_room(owner=owner, name=f"room {i}")
    with pytest.raises(errors.InvalidRoom):
        services.create_room(owner=owner, name="one more")


def test_direct_messages_have_a_measure_of_their_own(owner, member, keeper, monkeypatch) -> None:
    for i in range(20):
        services.create_room(owner=owner, name=f"room {i}")
    monkeypatch.setattr(services.rooms, "MAX_DIRECTS_PER_DAY", 1)
    opened = services.open_direct(starter=owner, usernames=[member.username])
    with pytest.raises(errors.InvalidRoom):
        services.open_direct(starter=owner, usernames=[keeper.username])
    assert services.open_direct(starter=owner, usernames=[member.username]) == opened


def test_renaming_and_archiving_are_told_and_written_down(room, owner, member) -> None:
    services.change_room(seat=seat(owner, room), name="Renamed", description="")
    services.archive_room(seat=seat(owner, room))
    with pytest.raises(errors.RoomArchived):
        post(room, member)
    services.archive_room(seat=seat(owner, room), on=False)
    post(room, member)
    assert actions_of(room) == ["room.described", "room.archived", "room.unarchived"]
    assert [kind for kind, _ in told(room)] == ["room.changed"] * 3 + ["message.posted"]


def test_leaving_a_private_room_closes_it_and_its_open_streams(room, owner, member) -> None:
    services.leave_room(seat=seat(member, room))
    assert not streams.may_read(member, room.stream)
    with pytest.raises(errors.LastOwner):
        services.leave_room(seat=seat(owner, room))


# --- Invitations -------------------------------------------------------------------------------------------


def test_a_link_lets_anyone_in_until_it_ends(room, member) -> None:
    link = services.invite_by_link(seat=seat(member, room))
    guest = make_user()
    assert services.accept_invitation(user=guest, token=link.token) == room
    assert services.accept_invitation(user=guest, token=link.token) == room
    link.refresh_from_db()
    assert link.uses == 1
    services.revoke_invitation(seat=seat(member, room), invitation_id=link.pk)
    with pytest.raises(errors.InvitationInvalid):
        services.accept_invitation(user=make_user(), token=link.token)


@pytest.mark.parametrize("change", [{"expires_at": timezone.now()}, {"max_uses": 0}, {"revoked_at": timezone.now()}])
def test_a_spent_link_answers_as_one_that_never_was(room, member, change) -> None:
    link = services.invite_by_link(seat=seat(member, room))
    Invitation.objects.update(**change)
    for token in (link.token, "never-was"):
        with pytest.raises(errors.InvitationInvalid) as refused:
            services.accept_invitation(user=make_user(), token=token)
        assert refused.value.as_dict() == errors.InvitationInvalid().as_dict()


def test_a_person_is_invited_by_name_and_no_one_else_can_use_it(room, member) -> None:
    guest, thief = make_user("guest"), make_user()
    invitation = services.invite_by_name(seat=seat(member, room), username="@guest")
    assert Notification.objects.get(user=guest, kind="chat_invitation").url == invitation.get_absolute_url()
    with pytest.raises(errors.InvitationInvalid):
        services.accept_invitation(user=thief, token=invitation.token)
    services.accept_invitation(user=guest, token=invitation.token)
    assert seat(guest, room).standing == Standing.MEMBER


def test_an_invitation_does_not_lift_a_ban(room, keeper, member) -> None:
    banned = make_user("banned")
    services.ban(seat=seat(keeper, room), username="banned")
    link = services.invite_by_link(seat=seat(member, room))
    with pytest.raises(errors.InvitationInvalid):
        services.accept_invitation(user=banned, token=link.token)
    with pytest.raises(errors.Banned):
        services.invite_by_name(seat=seat(member, room), username="banned")


def test_no_one_is_invited_over_and_over(room, member, settings) -> None:
    make_user("guest")
    services.invite_by_name(seat=seat(member, room), username="guest")
    with pytest.raises(errors.InvalidRoom, match="invited already"):
        services.invite_by_name(seat=seat(member, room), username="guest")
    assert Notification.objects.filter(kind="chat_invitation").count() == 1
    settings.CHAT_MESSAGES_AT_ONCE = 2
    services.invite_by_link(seat=seat(member, room))
    with pytest.raises(errors.TooFast):
        services.invite_by_link(seat=seat(member, room))


def test_inviting_no_one_or_someone_inside_is_refused(room, member) -> None:
    with pytest.raises(errors.PersonNotFound):
        services.invite_by_name(seat=seat(member, room), username="nobody")
    with pytest.raises(errors.InvalidRoom):
        services.invite_by_name(seat=seat(member, room), username="keeper")


# --- Roles, mutes, bans ------------------------------------------------------------------------------------


def test_an_owner_gives_roles_and_the_last_one_stays(room, owner) -> None:
    services.set_role(seat=seat(owner, room), username="member", role="moderator")
    with pytest.raises(errors.LastOwner):
        services.set_role(seat=seat(owner, room), username="owner", role="member")
    services.set_role(seat=seat(owner, room), username="keeper", role="owner")
    services.set_role(seat=seat(owner, room), username="owner", role="member")
    assert actions_of(room) == ["role.set"] * 3


@pytest.mark.parametrize("role", ["banned", "", "king"])
def test_only_real_roles_can_be_given(room, owner, role) -> None:
    with pytest.raises(errors.InvalidCall):
        services.set_role(seat=seat(owner, room), username="member", role=role)


def test_a_mute_keeps_from_writing_for_its_time_and_is_told(room, keeper, member) -> None:
    services.mute(seat=seat(keeper, room), username="member", minutes=10)
    with pytest.raises(errors.Muted) as refused:
        post(room, member)
    assert refused.value.details["until"] > (timezone.now() + timedelta(minutes=9)).isoformat()
    assert told(room)[-1][1]["muted_until"] == refused.value.details["until"]
    services.mute(seat=seat(keeper, room), username="member", minutes=0)
    post(room, member)
    assert actions_of(room) == ["member.muted", "member.unmuted"]


def test_a_ban_ends_reading_writing_and_the_open_sockets(room, keeper, member) -> None:
    services.ban(seat=seat(keeper, room), username="member")
    with pytest.raises(errors.RoomNotFound):
        post(room, member)
    assert not streams.may_read(member, room.stream)
    assert told(room)[-1] == ("member.left", {"user_id": member.pk, "user": "member"})
    control = streams.read("control", after=0)
    assert [event.data for event in control.events] == [{"user": member.pk, "stream": room.stream}]
    services.lift_ban(seat=seat(keeper, room), username="member")
    with pytest.raises(errors.RoomNotFound):
        seat(member, room)


def test_leaving_and_joining_again_ends_no_mute_no_slow_mode_and_no_pace(owner, member, settings) -> None:
    settings.CHAT_MESSAGES_AT_ONCE, settings.CHAT_MESSAGES_PER_MINUTE = 3, 3
    room = make_room(owner)
    make_member(room, member)

    def come_back() -> None:
        services.leave_room(seat=seat(member, room))
        services.join_room(seat=seat(member, room))

    for text in ("one", "two", "three"):
        post(room, member, text)
    come_back()
    with pytest.raises(errors.TooFast):
        post(room, member, "four")
    Membership.objects.filter(user=member).update(paced_until=None)
    services.set_slow_mode(seat=seat(owner, room), seconds=60)
    come_back()
    with pytest.raises(errors.TooFast, match="Slow mode"):
        post(room, member, "four")
    services.mute(seat=seat(owner, room), username="member", minutes=10)
    come_back()
    with pytest.raises(errors.Muted):
        post(room, member, "four")
    services.mute(seat=seat(owner, room), username="member", minutes=0)
    come_back()
    assert Membership.objects.get(user=member).muted_until is None


@pytest.mark.parametrize("deed", [services.ban, lambda **k: services.mute(minutes=5, **k)])
def test_no_one_acts_against_an_equal_a_higher_one_or_oneself(room, keeper, owner, deed) -> None:
    make_member(room, make_user("peer"), Membership.Role.MODERATOR)
    for target in ("peer", "owner", "keeper"):
        with pytest.raises(errors.NotAllowed):
            deed(seat=seat(keeper, room), username=target)
    assert actions_of(room) == []


def test_slow_mode_is_set_within_its_limits(room, keeper) -> None:
    services.set_slow_mode(seat=seat(keeper, room), seconds=30)
    room.refresh_from_db()
    assert room.slow_mode_seconds == 30
    with pytest.raises(errors.InvalidCall):
        services.set_slow_mode(seat=seat(keeper, room), seconds=3601)


DEEDS = {
    Action.DESCRIBE: lambda s: services.change_room(seat=s, name="x", description=""),
    Action.ARCHIVE: lambda s: services.archive_room(seat=s),
    Action.SET_ROLE: lambda s: services.set_role(seat=s, username="member", role="moderator"),
    Action.MUTE: lambda s: services.mute(seat=s, username="target", minutes=5),
    Action.BAN: lambda s: services.ban(seat=s, username="target"),
    Action.SLOW_MODE: lambda s: services.set_slow_mode(seat=s, seconds=5),
    Action.MANAGE_WEBHOOKS: lambda s: services.create_webhook(seat=s, name="bot"),
    Action.INVITE: lambda s: services.invite_by_link(seat=s),
    Action.SEE_AUDIT: queries.audit_of,
    Action.HANDLE_REPORTS: queries.reports_of,
}


@pytest.mark.parametrize("action", DEEDS, ids=str)
@pytest.mark.parametrize("who", ["owner", "keeper", "member"])
def test_the_table_decides_who_may_do_what(room, owner, keeper, member, action, who) -> None:
    make_member(room, make_user("target"))
    person = seat({"owner": owner, "keeper": keeper, "member": member}[who], room)
    if person.standing in TABLE[action]:
        DEEDS[action](person)
    else:
        with pytest.raises(errors.NotAllowed):
            DEEDS[action](person)


# --- Reports -----------------------------------------------------------------------------------------------


def test_a_report_waits_for_those_who_keep_the_room_with_what_was_said(room, keeper, member, owner) -> None:
    message = post(room, owner, "rude words")
    services.report_message(seat=seat(member, room), message=message, reason="rude")
    with pytest.raises(errors.AlreadyReported):
        services.report_message(seat=seat(member, room), message=message, reason="again")
    told = Notification.objects.get(kind="chat_report")  # not the owner, whose words they are
    assert (told.user, told.url, told.data["reason"]) == (keeper, f"/rooms/{room.slug}/moderation/", "rude")
    services.delete_message(seat=seat(owner, room), message=message)
    [report] = queries.reports_of(seat(keeper, room))
    assert (report.body, report.reason) == ("rude words", "rude")
    services.handle_report(seat=seat(keeper, room), report_id=report.pk)
    assert queries.reports_of(seat(keeper, room)) == []
    assert Report.objects.get().handled_by == keeper
    assert actions_of(room) == ["report.handled"]


def test_a_report_of_another_room_cannot_be_handled_here(room, keeper) -> None:
    stranger = make_user()
    other = make_room(stranger)
    report = services.report_message(seat=seat(stranger, other), message=post(other, stranger), reason="")
    with pytest.raises(errors.MessageNotFound):
        services.handle_report(seat=seat(keeper, room), report_id=report.pk)
