"""What grows around messages: answers and threads, edits, deletion, reactions, pins, mentions."""

import pytest

from chat import errors, queries, services
from chat.models import AuditEntry, Membership, Mention, Message, MessageVersion, Reaction, Room
from chat.services import Draft
from notifications.models import Notification
from tests.chat.factories import make_member, make_room, make_user, post, seat, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha():
    return make_user("asha")


# --- Answers and threads -----------------------------------------------------------------------------------


def test_an_answer_carries_the_start_of_what_it_answers_and_counts_in_the_thread(room, asha, ravi) -> None:
    root = post(room, asha, "Who **brings** tea?")
    first = post(room, ravi, "I do", reply_to=root.pk)
    second = post(room, asha, "Thank you", reply_to=first.pk)
    assert told(room)[1][1]["reply"] == {"id": root.pk, "number": 1, "author": "asha", "text": "Who brings tea?"}
    assert [data.get("thread") for _, data in told(room)] == [None, root.pk, root.pk]
    root.refresh_from_db()
    assert root.reply_count == 2
    thread = queries.thread_of(seat(asha, room), second)
    assert [message.number for message in thread.messages] == [1, 2, 3]


def test_answers_of_one_batch_are_all_counted(room, asha, ravi) -> None:
    one, other = post(room, asha), post(room, asha)
    drafts = [
        Draft(ravi, "a", reply_to=one.pk),
        Draft(ravi, "b", reply_to=one.pk),
        Draft(ravi, "c", reply_to=other.pk),
    ]
    services.post_messages(room_id=room.pk, drafts=drafts)
    assert dict(Message.objects.filter(reply_count__gt=0).values_list("pk", "reply_count")) == {one.pk: 2, other.pk: 1}


def test_only_a_standing_message_of_the_room_can_be_answered(room, asha) -> None:
    elsewhere, gone = post(make_room(asha), asha), post(room, asha)
    services.delete_message(seat=seat(asha, room), message=gone)
    for parent in (elsewhere.pk, gone.pk, 10**9):
        with pytest.raises(errors.MessageNotFound):
            post(room, asha, "answer", reply_to=parent)


# --- Edits -------------------------------------------------------------------------------------------------


def test_an_edit_is_marked_told_and_keeps_what_it_replaced(room, ravi, asha) -> None:
    message = post(room, ravi, "teh tea")
    services.edit_message(seat=seat(ravi, room), message=message, body="the **tea**")
    message.refresh_from_db()
    assert (message.body, message.html) == ("the **tea**", "<p>the <strong>tea</strong></p>\n")
    assert message.edited_at is not None
    kind, data = told(room)[-1]
    assert (kind, data["id"], data["html"]) == ("message.edited", message.pk, message.html)
    assert [version.body for version in queries.versions_of(seat(asha, room), message)] == ["teh tea"]
    with pytest.raises(errors.NotAllowed):
        queries.versions_of(seat(ravi, room), message)


def test_the_same_words_again_are_no_edit(room, asha) -> None:
    message = post(room, asha, "same")
    services.edit_message(seat=seat(asha, room), message=message, body="same\n")
    assert not MessageVersion.objects.exists()
    assert len(told(room)) == 1


@pytest.mark.parametrize("body", ["", "a" * 9000, "a\x00"])
def test_an_edit_obeys_the_rules_of_a_message(room, asha, body) -> None:
    message = post(room, asha, "fine")
    with pytest.raises(errors.ChatError):
        services.edit_message(seat=seat(asha, room), message=message, body=body)
    message.refresh_from_db()
    assert message.body == "fine"


def test_no_one_edits_the_words_of_another_not_even_the_owner(room, asha, ravi) -> None:
    message = post(room, ravi)
    with pytest.raises(errors.NotAllowed):
        services.edit_message(seat=seat(asha, room), message=message, body="changed")


# --- Deletion ----------------------------------------------------------------------------------------------


def test_a_deleted_message_leaves_a_tombstone_and_no_words_anywhere_one_can_read(room, asha, ravi) -> None:
    message = post(room, ravi, "a secret word")
    services.edit_message(seat=seat(ravi, room), message=message, body="a secret phrase")
    services.react(seat=seat(asha, room), message=message, emoji="👍")
    services.delete_message(seat=seat(ravi, room), message=message)
    message.refresh_from_db()
    assert (message.body, message.html, message.is_deleted) == ("", "", True)
    assert not Reaction.objects.exists()
    assert "secret" not in str(told(room))
    assert [kind for kind, _ in told(room)] == [
        "message.posted",
        "message.edited",
        "reaction.added",
        "message.deleted",
    ]
    assert queries.search_messages(asha, "secret") == []
    kept = [version.body for version in queries.versions_of(seat(asha, room), message)]
    assert kept == ["a secret word", "a secret phrase"]


def test_what_an_edit_replaced_is_for_those_who_keep_the_room_alone(room, asha, ravi) -> None:
    message = post(room, ravi, "my password is hunter2")
    post(room, asha, "take that out", reply_to=message.pk)
    services.edit_message(seat=seat(ravi, room), message=message, body="my password is hunter3")
    services.edit_message(seat=seat(ravi, room), message=message, body="never mind")
    assert "hunter" not in str(told(room))
    assert told(room)[1][1]["reply"]["text"] == "never mind"
    assert [data["html"] for kind, data in told(room) if kind == "message.edited"] == ["<p>never mind</p>\n"] * 2
    with pytest.raises(errors.NotAllowed):
        queries.versions_of(seat(ravi, room), message)
    assert len(queries.versions_of(seat(asha, room), message)) == 2


def test_an_old_message_is_deleted_without_reading_the_rooms_past(room, asha, django_assert_max_num_queries) -> None:
    old = post(room, asha, "old")
    answer = post(room, asha, "answer", reply_to=old.pk)
    assert (old.event_seq, answer.event_seq) == (1, 2)
    with django_assert_max_num_queries(30) as few:
        services.delete_message(seat=seat(asha, room), message=old)
    looked_up = [query["sql"].partition("WHERE")[2] for query in few if "notifications_event" in query["sql"]]
    assert looked_up
    assert not any("data" in condition for condition in looked_up)


def test_an_answer_no_longer_quotes_what_was_deleted(room, asha, ravi) -> None:
    parent = post(room, ravi, "a secret word")
    post(room, asha, "answer", reply_to=parent.pk)
    services.delete_message(seat=seat(ravi, room), message=parent)
    [_, answer] = queries.history_of(seat(asha, room)).data()
    assert answer["reply"]["text"] == ""
    assert "secret" not in str(told(room))


def test_who_keeps_the_room_deletes_any_message_and_it_is_written_down(room, asha, ravi) -> None:
    mine, theirs = post(room, asha), post(room, ravi)
    with pytest.raises(errors.NotAllowed):
        services.delete_message(seat=seat(ravi, room), message=mine)
    services.delete_message(seat=seat(asha, room), message=theirs)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.subject, entry.message) == (asha, "message.deleted", ravi, theirs)


def test_a_deleted_message_can_be_neither_changed_nor_deleted_again(room, asha) -> None:
    message = post(room, asha)
    services.delete_message(seat=seat(asha, room), message=message)
    for change in (
        lambda: services.delete_message(seat=seat(asha, room), message=message),
        lambda: services.edit_message(seat=seat(asha, room), message=message, body="back"),
        lambda: services.react(seat=seat(asha, room), message=message, emoji="👍"),
        lambda: services.pin_message(seat=seat(asha, room), message=message),
    ):
        with pytest.raises(errors.MessageDeleted):
            change()


# --- Reactions ---------------------------------------------------------------------------------------------


def test_a_reaction_counts_once_per_person_and_can_be_taken_back(room, asha, ravi) -> None:
    message = post(room, asha)
    for user in (asha, ravi, ravi):
        services.react(seat=seat(user, room), message=message, emoji="🎉")
    [shown] = queries.history_of(seat(asha, room)).reactions[message.pk]
    assert (shown.emoji, shown.count, shown.mine) == ("🎉", 2, True)
    services.react(seat=seat(asha, room), message=message, emoji="🎉", on=False)
    [shown] = queries.history_of(seat(asha, room)).reactions[message.pk]
    assert (shown.count, shown.mine) == (1, False)
    assert [kind for kind, _ in told(room)][1:] == ["reaction.added", "reaction.added", "reaction.removed"]


@pytest.mark.parametrize("emoji", ["", "x", "<script>", "👍👍", "a long sentence"])
def test_a_reaction_is_one_of_the_known_emoji(room, asha, emoji) -> None:
    with pytest.raises(errors.UnknownEmoji):
        services.react(seat=seat(asha, room), message=post(room, asha), emoji=emoji)


def test_a_flood_of_reactions_meets_the_pace_of_messages(room, asha, settings) -> None:
    message = post(room, asha)
    settings.CHAT_MESSAGES_AT_ONCE = 3
    for emoji in ("👍", "🎉"):
        services.react(seat=seat(asha, room), message=message, emoji=emoji)
    with pytest.raises(errors.TooFast):
        services.react(seat=seat(asha, room), message=message, emoji="👀")


# --- Pins --------------------------------------------------------------------------------------------------


def test_pins_are_of_those_who_keep_the_room_and_in_direct_messages_of_everyone(room, asha, ravi) -> None:
    message = post(room, ravi)
    with pytest.raises(errors.NotAllowed):
        services.pin_message(seat=seat(ravi, room), message=message)
    services.pin_message(seat=seat(asha, room), message=message)
    services.pin_message(seat=seat(asha, room), message=message)
    assert [m.pk for m in queries.pins_of(seat(ravi, room)).messages] == [message.pk]
    assert [kind for kind, _ in told(room)][1:] == ["message.pinned"]
    services.pin_message(seat=seat(asha, room), message=message, on=False)
    assert queries.pins_of(seat(ravi, room)).messages == []
    direct = services.open_direct(starter=asha, usernames=["ravi"])
    services.pin_message(seat=seat(ravi, direct), message=post(direct, asha))


# --- Mentions ----------------------------------------------------------------------------------------------


def inbox_of(user) -> list[str]:
    return [n.data["text"] for n in Notification.objects.filter(user=user, kind="chat_mention").order_by("pk")]


def test_who_is_called_by_name_or_answered_finds_it_in_the_inbox_once(room, asha, ravi) -> None:
    mine = post(room, ravi, "question")
    post(room, asha, "@ravi and @ravi again", reply_to=mine.pk)
    assert inbox_of(ravi) == ["@ravi and @ravi again"]
    assert Notification.objects.get(user=ravi).url == f"/rooms/{room.slug}/2/"


def test_no_one_is_called_who_is_not_in_the_room_or_wants_no_calls(room, asha, ravi) -> None:
    make_user("meera")
    banned = make_user("kabir")
    make_member(room, banned, Membership.Role.BANNED)
    Membership.objects.filter(user=ravi).update(alert=Membership.Alert.NOTHING)
    message = post(room, asha, "@meera @kabir @ravi @asha")
    assert not Notification.objects.filter(kind="chat_mention").exists()
    assert message.html.count("mention") == 2  # ravi and asha are shown as people all the same


def test_only_those_who_keep_the_room_call_everyone(room, asha, ravi) -> None:
    assert 'data-user="room"' not in post(room, ravi, "@room look").html
    assert not Mention.objects.exists()
    assert 'data-user="room"' in post(room, asha, "@room look").html
    assert [mention.user for mention in Mention.objects.all()] == [ravi]


def test_an_edit_calls_only_those_it_had_not_called(room, asha, ravi) -> None:
    message = post(room, asha, "@ravi one")
    services.edit_message(seat=seat(asha, room), message=message, body="@ravi two")
    assert inbox_of(ravi) == ["@ravi two"]  # called once, told what it says now


def test_too_many_names_at_once_are_refused(room, asha) -> None:
    names = []
    for _ in range(21):
        user = make_user()
        make_member(room, user)
        names.append(f"@{user.username}")
    with pytest.raises(errors.TooManyMentions):
        post(room, asha, " ".join(names))
    message = post(room, asha, "everyone")
    with pytest.raises(errors.TooManyMentions):
        services.edit_message(seat=seat(asha, room), message=message, body=" ".join(names))
    message.refresh_from_db()
    assert (message.body, Mention.objects.count()) == ("everyone", 0)


def test_direct_messages_call_by_themselves_and_leave_the_inbox_alone(asha, ravi) -> None:
    direct = services.open_direct(starter=asha, usernames=["ravi"])
    post(direct, asha, "hello")
    assert inbox_of(ravi) == []
    assert Mention.objects.get().user == ravi


# --- Direct messages ---------------------------------------------------------------------------------------


def test_the_same_people_always_have_the_same_direct_messages(asha, ravi) -> None:
    meera = make_user("meera")
    pair = services.open_direct(starter=asha, usernames=["ravi"])
    assert services.open_direct(starter=ravi, usernames=["asha", "ravi"]) == pair
    trio = services.open_direct(starter=asha, usernames=["ravi", "meera"])
    assert trio != pair
    with pytest.raises(errors.RoomNotFound):
        queries.room_by_id(meera, pair.pk)
    assert pair.kind == Room.Kind.DIRECT


@pytest.mark.parametrize("names", [[], ["asha"], ["nobody"]])
def test_direct_messages_need_someone_else_who_exists(asha, names) -> None:
    with pytest.raises(errors.ChatError):
        services.open_direct(starter=asha, usernames=names)
