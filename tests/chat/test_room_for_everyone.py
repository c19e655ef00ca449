"""A room by keyboard, for screen readers, and while it closes under someone: in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from chat import services
from chat.models import Membership, Room
from tests.chat.factories import make_room, make_user, post, seat
from tests.chat.test_two_browsers import open_room, row, say
from tests.config.test_pages import AXE, RUN_AXE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]


@pytest.fixture
def people():
    return make_user("asha"), make_user("ravi"), make_user("meera")


def faults(page: Page, what: str) -> list[str]:
    """What axe finds on the page as it stands, in its theme."""
    page.evaluate(AXE)
    return [f"{what}: {one}" for one in page.evaluate(RUN_AXE, False)]


@pytest.mark.parametrize("dark", [False, True])
def test_a_room_in_all_its_states_is_accessible(browser, people, dark) -> None:
    asha, ravi, _ = people
    room = make_room(asha, ravi, description="About trees")
    first = post(room, ravi, "Who knows **trees**? @asha\n```py\nprint(1)\n```\n| a | b |\n|-|-|\n| 1 | 2 |")
    post(room, asha, "I do", reply_to=first.pk)
    services.react(seat=seat(asha, room), message=first, emoji="🎉")
    services.pin_message(seat=seat(asha, room), message=first)
    services.delete_message(seat=seat(asha, room), message=post(room, asha, "wrong room"))
    services.report_message(seat=seat(asha, room), message=first, reason="too loud")
    page = browser.page(asha, dark=dark, reduced_motion="reduce")
    open_room(page, room)
    found = faults(page, "room")
    row(page, 1).locator(".msg__thread").click()
    expect(page.locator("#thread .msg")).to_have_count(2)
    found += faults(page, "thread")
    page.keyboard.press("Escape")
    row(page, 1).focus()
    page.keyboard.press("+")
    found += faults(page, "picker")
    page.keyboard.press("Escape")
    for menu in (".room__find", ".room__here", ".room__tools .menu:last-child"):
        page.locator(f"{menu} > summary").click()
        found += faults(page, menu)
        page.keyboard.press("Escape")
    page.fill("#body", "@")
    page.locator("#body").press_sequentially("ra")
    expect(page.locator("#names li")).to_have_count(1)
    found += faults(page, "completion")
    empty = make_room(asha)
    for path in (
        empty.get_absolute_url(),
        *(f"{room.get_absolute_url()}{tab}/" for tab in ("people", "settings", "moderation", "pins")),
        "/rooms/search/?q=trees",
    ):
        page.goto(path)
        found += faults(page, path)
    assert not found, "\n".join(found)


def test_a_conversation_by_keyboard_alone(browser, people) -> None:
    asha, ravi, _ = people
    room = make_room(asha, ravi)
    post(room, ravi, "one")
    post(room, ravi, "two")
    page = browser.page(asha)
    open_room(page, room)
    keys = page.keyboard
    assert page.evaluate("document.activeElement.id") == "body"
    keys.type("three")
    keys.press("Control+Enter")
    expect(row(page, 3)).to_be_visible()
    keys.press("ArrowUp")  # in the empty field: edit one's last message
    expect(page.locator("#ask")).to_be_visible()
    keys.press("End")
    keys.type("!")
    keys.press("Control+Enter")
    expect(row(page, 3).locator(".msg__body")).to_have_text("three!")
    page.locator("#scroll").focus()
    keys.press("k")
    expect(row(page, 3)).to_be_focused()
    keys.press("k")
    expect(row(page, 2)).to_be_focused()
    keys.press("r")
    expect(page.locator("#answering")).to_contain_text("ravi: two")
    keys.type("four")
    keys.press("Enter")
    expect(row(page, 4).locator(".msg__quote")).to_contain_text("two")
    row(page, 2).focus()
    keys.press("t")
    expect(page.locator("#thread-body")).to_be_focused()
    keys.type("five :sparkl")
    keys.press("Enter")
    expect(page.locator("#thread .msg__body")).to_have_text(["two", "four", "five :sparkl"])
    keys.press("Escape")
    expect(row(page, 2)).to_be_focused()
    keys.press("p")
    expect(row(page, 2)).to_have_class("msg msg--pinned")
    page.locator("#body").focus()
    keys.type(":sparkl")
    expect(page.locator("#names li").first).to_contain_text("✨")
    keys.press("Enter")
    assert page.input_value("#body") == "✨ "
    row(page, 3).focus()
    keys.press("Delete")
    page.locator("#ask-yes").press("Enter")
    expect(row(page, 3).locator(".msg__body")).to_have_text("This message was deleted.")
    keys.press("?")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_contain_text("Walk through messages")


def test_three_side_by_side_and_one_is_muted_then_put_out(browser, people) -> None:
    asha, ravi, meera = people
    room = make_room(asha, ravi, meera)
    other = make_room(asha, meera)
    pages = {user.username: browser.page(user) for user in people}
    for page in pages.values():
        open_room(page, room)
    for name, page in pages.items():
        say(page, f"from {name}")
        for screen in pages.values():
            expect(screen.locator("#timeline .msg__body").last).to_have_text(f"from {name}")
    his, hers = pages["ravi"], pages["meera"]
    expect(hers.locator("#online")).to_contain_text("3 here")
    hers.locator("#online > summary").click()
    expect(hers.locator("#online-people li")).to_have_count(3)

    services.mute(seat=seat(asha, room), username="ravi", minutes=10)
    expect(his.locator("#closed")).to_contain_text("You are muted in this room until")
    expect(his.locator("#composer")).to_be_hidden()
    services.mute(seat=seat(asha, room), username="ravi", minutes=0)
    expect(his.locator("#composer")).to_be_visible()
    services.archive_room(seat=seat(asha, room))
    expect(hers.locator("#closed")).to_contain_text("archived")
    services.archive_room(seat=seat(asha, room), on=False)
    expect(hers.locator("#composer")).to_be_visible()

    services.ban(seat=seat(asha, room), username="ravi")
    expect(his.locator("#closed")).to_have_text("You are banned from this room.")
    say(hers, "after the ban")
    expect(pages["asha"].locator("#timeline .msg__body").last).to_have_text("after the ban")
    assert his.get_by_text("after the ban").count() == 0

    post(other, meera, "in the other room")
    link = pages["asha"].locator(f".rail [data-room='{other.pk}']")
    expect(link.locator(".badge")).to_have_text("1")


def test_what_is_deleted_is_quoted_no_longer_on_any_screen(browser, people) -> None:
    asha, ravi, _ = people
    room = make_room(asha, ravi, kind=Room.Kind.PRIVATE)
    parent = post(room, ravi, "a secret word")
    post(room, asha, "answer", reply_to=parent.pk)
    page = browser.page(asha)
    open_room(page, room)
    expect(row(page, 2).locator(".msg__quote")).to_contain_text("a secret word")
    services.edit_message(seat=seat(ravi, room), message=parent, body="a **plain** word")
    expect(row(page, 2).locator(".msg__quote")).to_contain_text("a plain word")
    services.delete_message(seat=seat(ravi, room), message=parent)
    expect(row(page, 2).locator(".msg__quote")).to_contain_text("a deleted message")
    assert Membership.objects.filter(room=room).count() == 2
