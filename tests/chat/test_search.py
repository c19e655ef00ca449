"""Full-text search, on the database that the suite runs on."""

import pytest
from django.db import connection

from chat import queries, search, services
from chat.models import Message, Room
from tests.chat.factories import make_room, make_user, post, seat

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha():
    return make_user("asha")


def bodies(user, words: str, **within: object) -> list[str]:
    return [message.body for message in queries.search_messages(user, words, **within)]


def test_all_words_are_needed_and_the_last_may_be_a_beginning(asha) -> None:
    room = make_room(asha)
    for body in ("Binary search on the answer", "Binary trees", "a search for tea"):
        post(room, asha, body)
    assert bodies(asha, "binary") == ["Binary trees", "Binary search on the answer"]
    assert bodies(asha, "SEARCH binary") == ["Binary search on the answer"]
    assert bodies(asha, "bin") == ["Binary trees", "Binary search on the answer"]
    assert bodies(asha, "bin search") == []
    assert bodies(asha, "") == []


def test_the_newest_come_first_of_rare_and_of_common_words(asha, monkeypatch) -> None:
    monkeypatch.setattr(search, "RARE", 3)
    room = make_room(asha)
    for n in range(6):
        post(room, asha, f"common {n} {'rare' if n in (1, 4) else ''}")
    monkeypatch.setattr("chat.queries.search.FOUND_AT_MOST", 2)
    assert bodies(asha, "common") == ["common 5", "common 4 rare"]
    assert bodies(asha, "rare") == ["common 4 rare", "common 1 rare"]


def test_only_rooms_of_the_person_are_searched(asha) -> None:
    stranger = make_user()
    post(make_room(stranger, kind=Room.Kind.PRIVATE), stranger, "hidden words")
    public = make_room(stranger)
    post(public, stranger, "public words")
    assert bodies(asha, "words") == []
    assert bodies(asha, "words", seat=seat(asha, public)) == ["public words"]
    services.join_room(seat=seat(asha, public))
    assert bodies(asha, "words") == ["public words"]


def test_the_index_follows_edits_and_deletions(asha) -> None:
    room = make_room(asha)
    message = post(room, asha, "first version")
    services.edit_message(seat=seat(asha, room), message=message, body="second version")
    assert bodies(asha, "first") == []
    assert bodies(asha, "second") == ["second version"]
    services.delete_message(seat=seat(asha, room), message=Message.objects.get())
    assert bodies(asha, "second") == []


@pytest.mark.parametrize(
    "words", ['"', "' OR 1=1 --", "a* NEAR b", "body:x", ") (", "& | !", "%", "a\x00b", "^", "-x", "तमिल", "x" * 500]
)
def test_hostile_words_are_words(asha, words) -> None:
    post(make_room(asha), asha, "nothing of that")
    assert bodies(asha, words) == []


def test_other_scripts_are_found(asha) -> None:
    post(make_room(asha), asha, "नमस्ते दोस्तों, café और चाय")
    assert len(bodies(asha, "चाय")) == 1
    assert len(bodies(asha, "café")) == 1


def test_the_index_is_used_and_stands_in_the_schema(asha) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'chat_message_search'")
            assert "gin" in cursor.fetchone()[0]
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'chat_message'")
            names = {row[0] for row in cursor.fetchall()}
            assert names == {f"chat_message_search_{event}" for event in ("insert", "delete", "update")}


def test_a_passage_marks_what_was_found_around_the_first_of_it() -> None:
    assert search.passage("Segment trees are TREES too, streets are not", "are tree") == [
        ("Segment ", False),
        ("trees", True),
        (" ", False),
        ("are", True),
        (" ", False),
        ("TREES", True),
        (" too, streets ", False),
        ("are", True),
        (" not", False),
    ]
    far = search.passage("x " * 500 + "needle" + " y" * 500, "needle")
    assert [text for text, is_found in far if is_found] == ["needle"]
    assert (far[0][0][0], far[-1][0][-1]) == ("…", "…")
    assert sum(len(text) for text, _ in far) <= 222
    assert search.passage("<b>a.*</b>", ".*") == [("<b>a.*</b>", False)]


def test_the_page_of_search_shows_text_as_it_is_seen(client, asha) -> None:
    client.force_login(asha)
    post(make_room(asha), asha, "**Bold** & `<b>code</b>` here")
    page = client.get("/rooms/search/?q=code").content.decode()
    assert "Bold &amp; &lt;b&gt;<mark>code</mark>&lt;/b&gt; here" in " ".join(page.split())
