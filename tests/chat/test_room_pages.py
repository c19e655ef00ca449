"""The pages and their forms: they work, for a stranger, by the wrong method, with a bad id, in so many queries."""

import re
from uuid import uuid4

import pytest

from chat import services
from chat.models import Membership, Message, Room
from chat.services import Draft
from tests.chat.factories import make_member, make_room, make_user

pytestmark = pytest.mark.django_db
SEND = "/rooms/calls/chat.send/"


def without(page: str, slug: str) -> str:
    """A page without what differs each time: the address asked for and the CSRF token's mask."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page).replace(slug, "")


def fill(room: Room, author, count: int) -> None:
    for start in range(0, count, 20):
        Membership.objects.filter(room=room).update(paced_until=None)
        drafts = [Draft(author, f"message {i}") for i in range(start, min(start + 20, count))]
        services.post_messages(room_id=room.pk, drafts=drafts)


def test_the_list_shows_own_rooms_and_those_to_join(client, asha) -> None:
    mine, other = make_room(asha, name="Mine"), make_room(make_user(), name="Open to all")
    make_room(make_user(), name="Secret plans", kind=Room.Kind.PRIVATE)
    page = client.get("/rooms/").content.decode()
    assert mine.get_absolute_url() in page
    assert f'name="room" value="{other.pk}"' in page
    assert "Secret plans" not in page


def test_a_room_shows_its_messages_and_where_the_stream_stands(client, asha) -> None:
    room = make_room(asha)
    services.post_message(room=room, author=asha, body="hello **there**")
    page = client.get(room.get_absolute_url()).content.decode()
    assert "hello <strong>there</strong>" in page
    assert 'data-after="1"' in page


def test_a_room_of_any_length_costs_the_same_queries(client, asha, django_assert_max_num_queries) -> None:
    room = make_room(asha)
    fill(room, asha, 3)
    with django_assert_max_num_queries(100) as few:
        client.get(room.get_absolute_url())
    fill(room, asha, 60)
    with django_assert_max_num_queries(len(few)):
        page = client.get(room.get_absolute_url()).content.decode()
    assert page.count('class="msg ') + page.count('class="msg"') == 51  # 50 and the empty template


def test_a_permalink_shows_its_message_among_its_neighbours(client, asha) -> None:
    room = make_room(asha)
    fill(room, asha, 120)
    page = client.get(f"{room.get_absolute_url()}60/").content.decode()
    assert 'id="m60"' in page
    assert 'id="m36"' in page
    assert 'id="m120"' not in page
    assert client.get(f"{room.get_absolute_url()}999/").status_code == 404


@pytest.mark.parametrize("path", ["", "1/", "messages/", "people/", "pins/", "at/?day=2026-11-21"])
def test_a_private_room_and_no_room_look_alike_to_a_stranger(client, asha, path) -> None:
    room = make_room(make_user(), kind=Room.Kind.PRIVATE)
    private, missing = client.get(f"/rooms/{room.slug}/{path}"), client.get(f"/rooms/no-such-room/{path}")
    assert private.status_code == missing.status_code == 404
    assert without(private.content.decode(), room.slug) == without(missing.content.decode(), "no-such-room")


def test_a_page_says_why_it_does_not_open(client, asha) -> None:
    room = make_room(make_user())
    make_member(room, asha, Membership.Role.BANNED)
    answer = client.get(room.get_absolute_url())
    assert answer.status_code == 403
    assert "You are banned from this room." in answer.content.decode()
    membership = room.memberships.get(user=asha)
    membership.role = Membership.Role.MEMBER
    membership.save()
    assert client.get(f"{room.get_absolute_url()}moderation/").status_code == 403
    assert "There is no such message." in client.get(f"{room.get_absolute_url()}7/").content.decode()


@pytest.mark.parametrize("path", ["", "messages/", "people/", "files/"])
def test_who_is_not_signed_in_is_asked_to(client, path) -> None:
    room = make_room(make_user())
    answer = client.post(f"/rooms/{room.slug}/{path}")
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/")


def test_the_wrong_method_is_refused(client, asha) -> None:
    room = make_room(asha)
    assert client.post("/rooms/").status_code == 405
    assert client.post(room.get_absolute_url()).status_code == 405
    assert client.post(f"{room.get_absolute_url()}messages/").status_code == 405
    assert client.get("/rooms/calls/chat.join/").status_code == 405


def by_form(room: Room, body: str) -> dict[str, object]:
    return {"room": room.pk, "body": body, "next": room.get_absolute_url()}


def test_a_form_posts_without_script(client, asha) -> None:
    room = make_room(asha)
    answer = client.post(SEND, by_form(room, "plain"), headers={"Accept": "text/html"})
    assert (answer.status_code, answer.url) == (302, f"/rooms/{room.slug}/#m1")
    assert Message.objects.get().body == "plain"


def test_a_refused_form_says_why_on_the_page_and_loses_nothing(client, asha, settings) -> None:
    settings.CHAT_MESSAGES_AT_ONCE = 1
    room, html = make_room(asha), {"Accept": "text/html"}
    answer = client.post(SEND, by_form(room, " "), headers=html, follow=True)
    assert "Write something first." in answer.content.decode()
    client.post(SEND, by_form(room, "one"), headers=html)
    page = client.post(SEND, by_form(room, "<two> & more"), headers=html, follow=True).content.decode()
    assert "You are sending too fast." in page
    assert "&lt;two&gt; &amp; more</textarea>" in page
    assert "more</textarea>" not in client.get(room.get_absolute_url()).content.decode()


def test_a_script_posts_and_retries_by_http(client, asha) -> None:
    room, client_id = make_room(asha), str(uuid4())
    headers = {"Accept": "application/json"}
    send = lambda body: client.post(  # noqa: E731 (twice the same call)
        SEND, {"room": room.pk, "body": body, "client_id": client_id}, headers=headers
    )
    first, again = send("once"), send("once")
    assert first.status_code == 200
    assert first.json() == again.json()
    assert first.json()["client_id"] == client_id
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"body": ""}, 422, "message_empty"),
        ({"body": "a" * 9000}, 422, "message_too_long"),
        ({"body": "a", "client_id": "1"}, 422, "invalid_params"),
    ],
)
def test_a_script_is_told_the_code(client, asha, fields, status, code) -> None:
    room = make_room(asha)
    answer = client.post(SEND, {"room": room.pk, **fields}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_script_that_is_too_fast_is_told_when_to_come_back(client, asha, settings) -> None:
    settings.CHAT_MESSAGES_AT_ONCE = 1
    room, headers = make_room(asha), {"Accept": "application/json"}
    client.post(SEND, {"room": room.pk, "body": "a"}, headers=headers)
    answer = client.post(SEND, {"room": room.pk, "body": "b"}, headers=headers)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "1"


def test_history_comes_in_pages_both_ways(client, asha) -> None:
    room = make_room(asha)
    fill(room, asha, 120)
    url = f"/rooms/{room.slug}/messages/"
    numbers = lambda query: [m["number"] for m in client.get(url + query).json()["messages"]]  # noqa: E731
    assert numbers("") == list(range(71, 121))
    assert numbers("?before=71") == list(range(21, 71))
    assert numbers("?before=21") == list(range(1, 21))
    assert numbers("?after=100") == list(range(101, 121))
    assert numbers("?around=60") == list(range(35, 85))
    assert client.get(f"{url}?before=21").json()["has_older"] is False
    assert client.get(f"{url}?after=20").json()["has_newer"] is True


@pytest.mark.parametrize("query", ["?before=x", "?after=-1", "?around=²", f"?before={'9' * 30}"])
def test_a_bad_place_in_history_is_refused_in_words(client, asha, query) -> None:
    answer = client.get(f"/rooms/{make_room(asha).slug}/messages/{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_params")


def test_joining_makes_a_member_once_with_the_past_read(client, asha) -> None:
    owner = make_user()
    room = make_room(owner)
    services.post_message(room=room, author=owner, body="before")
    for _ in range(2):
        assert client.post("/rooms/calls/chat.join/", {"room": room.pk}).status_code == 302
    membership = Membership.objects.get(user=asha)
    assert (membership.role, membership.read_number) == (Membership.Role.MEMBER, 1)


def test_a_visitor_is_offered_to_join_and_a_member_to_write(client, asha) -> None:
    room = make_room(make_user())
    assert 'id="composer"' not in client.get(room.get_absolute_url()).content.decode()
    client.post("/rooms/calls/chat.join/", {"room": room.pk})
    assert 'id="composer"' in client.get(room.get_absolute_url()).content.decode()


def test_the_line_of_what_is_new_stands_before_the_first_unread_of_others(client, asha) -> None:
    ravi = make_user("ravi")
    room = make_room(asha, ravi)
    services.post_message(room=room, author=ravi, body="read")
    Membership.objects.filter(user=asha).update(read_number=1)
    services.post_message(room=room, author=ravi, body="unread")
    page = client.get(room.get_absolute_url()).content.decode()
    assert page.index('id="m1"') < page.index('id="new"') < page.index('id="m2"')
