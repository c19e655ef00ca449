"""Who sees which room, on every loader."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from chat import queries
from chat.errors import Banned, Muted, NotAllowed, NotAMember, RoomArchived, RoomNotFound
from chat.models import Membership, Room
from chat.roles import TABLE, Action, Standing, may
from notifications import streams
from tests.chat.factories import make_member, make_room, make_user

pytestmark = pytest.mark.django_db


def test_a_public_room_can_be_read_by_anyone_signed_in() -> None:
    room = make_room(make_user())
    seat = queries.room_for(make_user(), room.slug)
    assert seat.standing == Standing.VISITOR
    assert seat.may(Action.READ)
    with pytest.raises(NotAMember):
        seat.require(Action.POST)


def test_a_private_room_and_no_room_answer_alike() -> None:
    room = make_room(make_user(), kind=Room.Kind.PRIVATE)
    stranger = make_user()
    with pytest.raises(RoomNotFound) as private:
        queries.room_for(stranger, room.slug)
    with pytest.raises(RoomNotFound) as missing:
        queries.room_for(stranger, "no-such-room")
    assert private.value.as_dict() == missing.value.as_dict()
    assert not streams.may_read(stranger, room.stream)


@pytest.mark.parametrize("kind", [Room.Kind.PRIVATE, Room.Kind.PUBLIC])
def test_a_banned_person_reads_nothing(kind: str) -> None:
    room, banned = make_room(make_user(), kind=kind), make_user()
    make_member(room, banned, Membership.Role.BANNED)
    with pytest.raises(Banned if kind == Room.Kind.PUBLIC else RoomNotFound):
        queries.room_for(banned, room.slug)
    assert not streams.may_read(banned, room.stream)
    assert queries.rooms_of(banned) == []


def test_someone_not_signed_in_reads_nothing() -> None:
    room = make_room(make_user())
    with pytest.raises(RoomNotFound):
        queries.room_for(AnonymousUser(), room.slug)
    assert queries.rooms_of(AnonymousUser()) == []


@pytest.mark.parametrize("key", ["", "x", "-1", "1.0", "²", "9" * 40, "1 OR 1"])
def test_a_stream_key_of_a_wrong_shape_is_not_readable(key: str) -> None:
    assert not streams.may_read(make_user(), f"room:{key}")


def test_a_mute_counts_while_it_lasts_and_never_for_an_owner() -> None:
    now = timezone.now()
    room = make_room()
    member = make_member(room, make_user(), muted_until=now + timedelta(minutes=5))
    owner = make_member(room, make_user(), Membership.Role.OWNER, muted_until=now + timedelta(minutes=5))
    assert queries.standing_in(room, member.user, member, now) == Standing.MUTED
    assert queries.standing_in(room, member.user, member, now + timedelta(minutes=6)) == Standing.MEMBER
    assert queries.standing_in(room, owner.user, owner, now) == Standing.OWNER
    with pytest.raises(Muted):
        queries.room_for(member.user, room.slug).require(Action.POST)


def test_an_archived_room_can_be_read_and_not_written_in() -> None:
    owner = make_user()
    room = make_room(owner, archived_at=timezone.now())
    seat = queries.room_for(owner, room.slug)
    assert seat.may(Action.READ)
    with pytest.raises(RoomArchived):
        seat.require(Action.POST)


def test_a_member_may_not_do_what_owners_do() -> None:
    owner, member = make_user(), make_user()
    room = make_room(owner, member)
    with pytest.raises(NotAllowed):
        queries.room_for(member, room.slug).require(Action.ARCHIVE)


def test_every_action_has_its_line_in_the_table() -> None:
    assert set(TABLE) == set(Action)
    assert not any(may(Standing.BANNED, action) for action in Action)


def test_rooms_of_is_one_query_and_counts_what_is_unread(django_assert_num_queries) -> None:
    asha, ravi = make_user("asha"), make_user("ravi")
    for _ in range(3):
        make_room(asha)
    busy = make_room(asha, name="Busy", last_number=5, last_message_at=timezone.now())
    Membership.objects.filter(room=busy).update(read_number=3)
    make_room(asha, ravi, kind=Room.Kind.DIRECT, key="direct:1:2", name="asha, ravi")
    with django_assert_num_queries(1):
        cards = queries.rooms_of(asha)
    assert (cards[0].name, cards[0].unread_count) == ("Busy", 2)
    assert "ravi" in [card.name for card in cards]
    assert [card.name for card in queries.rooms_of(ravi)] == ["asha"]
