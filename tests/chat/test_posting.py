"""Posting: what is stored, in which order, and what is refused."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from chat import errors, services
from chat.models import Membership, Message, Room
from chat.services import Draft
from notifications import streams
from notifications.streams import Slice
from tests.chat.factories import make_member, make_room, make_user

pytestmark = pytest.mark.django_db


def events_of(room: Room) -> list[tuple[int, str, dict]]:
    found = streams.read(room.stream, after=0)
    assert isinstance(found, Slice)
    return [(event.seq, event.type, event.data) for event in found.events]


def test_a_message_is_stored_rendered_and_told_to_the_stream() -> None:
    asha = make_user()
    room, client_id = make_room(asha), uuid4()
    posted = services.post_message(room=room, author=asha, body="hi **all**\n", client_id=client_id)
    message = Message.objects.get()
    assert (message.pk, message.number, message.body) == (posted.id, 1, "hi **all**")
    assert events_of(room) == [
        (
            1,
            "message.posted",
            {
                "id": message.pk,
                "number": 1,
                "author": asha.username,
                "author_id": asha.pk,
                "html": "<p>hi <strong>all</strong></p>\n",
                "client_id": str(client_id),
            },
        )
    ]
    room.refresh_from_db()
    assert (room.last_number, room.last_message_at) == (1, message.created_at)


def test_numbers_and_events_are_in_the_order_of_the_drafts() -> None:
    people = [make_user() for _ in range(3)]
    room = make_room(*people)
    for start in (0, 6):
        services.post_messages(
            room_id=room.pk, drafts=[Draft(people[i % 3], f"message {i}") for i in range(start, start + 6)]
        )
    stored = list(Message.objects.order_by("number").values_list("number", "body"))
    assert stored == [(i + 1, f"message {i}") for i in range(12)]
    assert [(seq, data["number"]) for seq, _, data in events_of(room)] == [(i + 1, i + 1) for i in range(12)]


def test_a_batch_costs_the_same_queries_whatever_its_size(django_assert_max_num_queries) -> None:
    people = [make_user() for _ in range(5)]
    room = make_room(*people)
    with django_assert_max_num_queries(12) as one:
        services.post_messages(room_id=room.pk, drafts=[Draft(people[0], "alone", uuid4())])
    with django_assert_max_num_queries(len(one)):
        outcomes = services.post_messages(
            room_id=room.pk, drafts=[Draft(people[i % 5], "one of many", uuid4()) for i in range(60)]
        )
    assert [outcome.number for outcome in outcomes] == list(range(2, 62))


def test_a_retry_gets_the_first_answer_and_makes_no_second_message() -> None:
    asha = make_user()
    room, client_id = make_room(asha), uuid4()
    first = services.post_message(room=room, author=asha, body="once", client_id=client_id)
    again = services.post_message(room=room, author=asha, body="once", client_id=client_id)
    assert again == first
    assert Message.objects.count() == 1
    assert len(events_of(room)) == 1


def test_a_retry_within_one_batch_makes_one_message() -> None:
    asha = make_user()
    room, client_id = make_room(asha), uuid4()
    outcomes = services.post_messages(
        room_id=room.pk, drafts=[Draft(asha, "a", client_id), Draft(asha, "b"), Draft(asha, "a", client_id)]
    )
    assert [outcome.number for outcome in outcomes] == [1, 2, 1]
    assert Message.objects.count() == 2


def test_two_people_may_use_one_client_id_but_one_may_not_use_it_in_two_rooms() -> None:
    asha, ravi, client_id = make_user(), make_user(), uuid4()
    room, other = make_room(asha, ravi), make_room(asha)
    services.post_message(room=room, author=asha, body="a", client_id=client_id)
    services.post_message(room=room, author=ravi, body="b", client_id=client_id)
    with pytest.raises(errors.ClientIdReused):
        services.post_message(room=other, author=asha, body="a", client_id=client_id)
    assert Message.objects.count() == 2


def test_one_refused_draft_does_not_refuse_the_others() -> None:
    asha, stranger = make_user(), make_user()
    room = make_room(asha)
    outcomes = services.post_messages(
        room_id=room.pk, drafts=[Draft(asha, "one"), Draft(stranger, "two"), Draft(asha, "  "), Draft(asha, "three")]
    )
    assert isinstance(outcomes[1], errors.NotAMember)
    assert isinstance(outcomes[2], errors.EmptyMessage)
    assert [outcomes[0].number, outcomes[3].number] == [1, 2]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", errors.EmptyMessage),
        (" \n\t", errors.EmptyMessage),
        ("a" * 8193, errors.MessageTooLong),
        ("₹" * 2731, errors.MessageTooLong),
        ("a\x00b", errors.InvalidMessage),
        ("\ud800", errors.InvalidMessage),
    ],
)
def test_a_body_that_cannot_be_stored_is_refused_in_words(body, error) -> None:
    asha = make_user()
    with pytest.raises(error) as refused:
        services.post_message(room=make_room(asha), author=asha, body=body)
    assert str(refused.value)
    assert not Message.objects.exists()


def test_eight_kibibytes_are_just_right() -> None:
    asha = make_user()
    services.post_message(room=make_room(asha), author=asha, body="a" * 8192)
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "role", "error"),
    [
        (Room.Kind.PUBLIC, None, errors.NotAMember),
        (Room.Kind.PRIVATE, None, errors.RoomNotFound),
        (Room.Kind.PUBLIC, Membership.Role.BANNED, errors.Banned),
        (Room.Kind.PRIVATE, Membership.Role.BANNED, errors.RoomNotFound),
    ],
)
def test_who_may_not_write_is_refused(kind, role, error) -> None:
    room, person = make_room(make_user(), kind=kind), make_user()
    if role:
        make_member(room, person, role)
    with pytest.raises(error):
        services.post_message(room=room, author=person, body="hi")
    assert not Message.objects.exists()


def test_a_muted_member_an_archived_room_and_no_room_are_refused() -> None:
    owner, muted = make_user(), make_user()
    room = make_room(owner)
    make_member(room, muted, muted_until=timezone.now() + timedelta(minutes=1))
    with pytest.raises(errors.Muted):
        services.post_message(room=room, author=muted, body="hi")
    with pytest.raises(errors.RoomArchived):
        services.post_message(room=make_room(owner, archived_at=timezone.now()), author=owner, body="hi")
    with pytest.raises(errors.RoomNotFound):
        services.post_message(room=Room(pk=10**9), author=owner, body="hi")


def test_who_sends_too_fast_is_told_how_long_to_wait(settings) -> None:
    settings.CHAT_MESSAGES_PER_MINUTE, settings.CHAT_MESSAGES_AT_ONCE = 30, 3
    asha, ravi = make_user(), make_user()
    room = make_room(asha, ravi)
    outcomes = services.post_messages(room_id=room.pk, drafts=[Draft(asha, str(i)) for i in range(5)])
    assert [type(outcome) for outcome in outcomes[3:]] == [errors.TooFast] * 2
    assert outcomes[3].as_dict() == {
        "code": "too_fast",
        "message": "You are sending too fast. You can write again in 2 seconds.",
        "retry_after_seconds": 2,
    }
    with pytest.raises(errors.TooFast):
        services.post_message(room=room, author=asha, body="still")
    services.post_message(room=room, author=ravi, body="another person is not kept waiting")
    Membership.objects.filter(user=asha).update(paced_until=timezone.now())
    services.post_message(room=room, author=asha, body="after the wait")


def test_slow_mode_holds_members_and_not_those_who_keep_the_room() -> None:
    owner, member = make_user(), make_user()
    room = make_room(owner, member, slow_mode_seconds=90)
    for body in ("one", "two"):
        services.post_message(room=room, author=owner, body=body)
    services.post_message(room=room, author=member, body="one")
    with pytest.raises(errors.TooFast, match="2 minutes") as refused:
        services.post_message(room=room, author=member, body="two")
    assert 85 <= refused.value.details["retry_after_seconds"] <= 90


def test_the_sender_has_read_what_they_sent_and_others_have_not() -> None:
    asha, ravi = make_user(), make_user()
    room = make_room(asha, ravi)
    services.post_message(room=room, author=asha, body="one")
    services.post_message(room=room, author=asha, body="two")
    services.post_message(room=room, author=ravi, body="three")
    read = dict(Membership.objects.values_list("user_id", "read_number"))
    assert read == {asha.pk: 2, ravi.pk: 0}
