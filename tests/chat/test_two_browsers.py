"""Two people side by side in real browsers, on one daphne and on two."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from playwright.sync_api import Locator, Route, expect

from chat import services
from chat.models import Attachment, Message
from tests.chat.factories import make_room, make_user, post, seat

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]


@pytest.fixture
def people():
    return make_user("asha"), make_user("ravi")


def bodies_of(page) -> Locator:
    return page.locator("#timeline .msg__body")


def bodies(page) -> list[str]:
    return [text.strip() for text in page.locator("#timeline .msg__body").all_inner_texts()]


def open_room(page, room) -> None:
    page.goto(room.get_absolute_url())
    page.wait_for_selector("#room[data-connection=connected]")


def say(page, text: str) -> None:
    page.fill("#body", text)
    page.press("#body", "Enter")


def test_a_message_reaches_the_other_at_once_and_is_there_after_a_reload(browser, people) -> None:
    asha, ravi = people
    room = make_room(asha, ravi)
    hers, his = browser.page(asha), browser.page(ravi)
    open_room(hers, room)
    open_room(his, room)
    expect(his.get_by_text("Nobody has said anything yet.")).to_be_visible()
    say(hers, "Hello **Ravi**")
    expect(bodies_of(his)).to_have_text(["Hello Ravi"])
    expect(his.get_by_text("Nobody has said anything yet.")).to_be_hidden()
    say(his, "Hello Asha")
    expect(bodies_of(hers)).to_have_text(["Hello Ravi", "Hello Asha"])
    assert hers.locator(".msg--waiting").count() == 0
    his.reload()
    assert bodies(hers) == bodies(his) == ["Hello Ravi", "Hello Asha"]
    assert [m.body for m in Message.objects.order_by("number")] == ["Hello **Ravi**", "Hello Asha"]
    assert "asha: Hello Ravi" not in hers.locator("#announcer").inner_text()
    assert "ravi: Hello Asha" in hers.locator("#announcer").inner_text()


def test_two_servers_on_one_redis_are_one_room(browser, people, live_server_factory) -> None:
    asha, ravi = people
    room = make_room(asha, ravi)
    first, second = live_server_factory(2)
    browser.allow_error("ERR_CONNECTION_REFUSED")  # the servers end before the pages do
    hers, his = browser.page(asha, base_url=first.url), browser.page(ravi, base_url=second.url)
    open_room(hers, room)
    open_room(his, room)
    for i in range(5):
        say(hers, f"hers {i}")
        say(his, f"his {i}")
    for page in (hers, his):
        expect(page.locator("#timeline .msg[data-number]")).to_have_count(10)
    assert bodies(hers) == bodies(his) == [m.body for m in Message.objects.order_by("number")]


def test_a_page_without_script_writes_and_reads(browser, people) -> None:
    asha, _ = people
    room = make_room(asha)
    page = browser.page(asha, java_script_enabled=False)
    page.goto(room.get_absolute_url())
    page.fill("#body", "without script")
    page.click(".composer__send")
    assert bodies(page) == ["without script"]


def test_what_is_written_offline_is_sent_in_order_when_the_connection_is_back(browser, people) -> None:
    asha, ravi = people
    room = make_room(asha, ravi)
    browser.allow_error("ERR_INTERNET_DISCONNECTED|WebSocket connection")
    hers, his = browser.page(asha), browser.page(ravi)
    open_room(his, room)
    open_room(hers, room)
    hers.evaluate("import('/static/notifications/live.js').then(({ live }) => { window.live = live; })")
    hers.context.set_offline(True)
    hers.evaluate("window.live.drop()")
    hers.wait_for_selector("#room:not([data-connection=connected])")
    for text in ("first", "second", "third"):
        say(hers, text)
    hers.get_by_text("Waiting for the connection").first.wait_for()
    assert Message.objects.count() == 0
    hers.context.set_offline(False)
    expect(bodies_of(his)).to_have_text(["first", "second", "third"], timeout=30000)
    expect(hers.locator(".msg--waiting")).to_have_count(0)
    assert bodies(hers) == ["first", "second", "third"]


def test_a_refusal_is_shown_with_a_way_to_try_again(browser, people) -> None:
    asha, _ = people
    room = make_room(asha, slow_mode_seconds=0)
    page = browser.page(asha)
    open_room(page, room)
    type(room).objects.update(archived_at="2026-01-01T00:00:00Z")
    say(page, "too late")
    expect(page.locator("#timeline")).to_contain_text("Not sent. This room is archived")
    type(room).objects.update(archived_at=None)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".msg[data-number='1']")
    assert Message.objects.get().body == "too late"
    assert page.locator(".msg--failed").count() == 0


def test_what_was_refused_can_be_written_otherwise(browser, people, tmp_path) -> None:
    asha, ravi = people
    room = make_room(asha, ravi)
    post(room, ravi, "who pays?")
    (tmp_path / "bill.txt").write_text("2 teas")
    page = browser.page(asha)
    open_room(page, room)
    for number in range(Message.MAX_FILES + 1):
        (tmp_path / f"{number}.txt").write_text("tea")
    page.set_input_files("#attach", [tmp_path / f"{number}.txt" for number in range(Message.MAX_FILES + 1)])
    expect(page.locator(".upload--failed")).to_contain_text("10.txt: A message carries at most 10 files.")
    expect(page.locator("#announcer")).to_have_text("10.txt: A message carries at most 10 files.")
    for _ in range(Message.MAX_FILES + 1):
        page.locator(".upload").get_by_role("button", name="Remove").first.click()
    row(page, 1).focus()
    page.keyboard.press("r")
    page.set_input_files("#attach", tmp_path / "bill.txt")
    expect(page.locator("#files")).to_contain_text("Remove")
    say(page, "/pay @no-one-here 100")
    expect(page.locator(".msg--failed")).to_contain_text("Not sent. There is no one called no-one-here.")
    page.get_by_role("button", name="Edit").click()
    expect(page.locator("#body")).to_have_value("/pay @no-one-here 100")
    say(page, "ravi does")
    expect(row(page, 2)).to_contain_text("ravi does")
    expect(row(page, 2)).to_contain_text("bill.txt")
    expect(row(page, 2).locator(".msg__quote")).to_contain_text("who pays?")
    expect(page.locator(".msg--failed")).to_have_count(0)


def test_history_loads_as_one_scrolls_up_and_the_reading_place_stays(browser, people) -> None:
    asha, _ = people
    room = make_room(asha)
    Message.objects.bulk_create(
        Message(room=room, number=n, author=asha, body=f"message {n}", html=f"<p>message {n}</p>")
        for n in range(1, 131)
    )
    type(room).objects.update(last_number=130)
    page = browser.page(asha)
    open_room(page, room)
    assert page.locator(".msg").count() == 50
    page.locator("#m85").scroll_into_view_if_needed()
    page.evaluate("document.getElementById('scroll').scrollTop = 300")
    page.wait_for_selector("#m31")
    page.evaluate("document.getElementById('scroll').scrollTop = 0")
    page.wait_for_selector("#m1")
    numbers = page.eval_on_selector_all(".msg", "rows => rows.map(row => Number(row.dataset.number))")
    assert numbers == list(range(1, 131))
    page.get_by_role("button", name="Newest").click()
    expect(page.locator("#m130")).to_be_in_viewport()
    expect(page.locator("#jump")).to_be_hidden()


def test_a_permalink_leads_to_the_newest_and_counts_what_comes_meanwhile(browser, people) -> None:
    asha, ravi = people
    room = make_room(asha, ravi)
    Message.objects.bulk_create(
        Message(room=room, number=n, author=asha, body=f"message {n}", html=f"<p>message {n}</p>")
        for n in range(1, 131)
    )
    type(room).objects.update(last_number=130)
    page = browser.page(asha)
    page.goto(f"{room.get_absolute_url()}20/")
    page.wait_for_selector("#room[data-connection=connected]")
    expect(page.locator("#jump")).to_have_text("Newest")
    room.refresh_from_db()
    answer = post(room, ravi, "are you there?", reply_to=Message.objects.get(room=room, number=129).pk)
    expect(page.locator("#jump")).to_have_text("1 new")
    page.click("#jump")
    expect(row(page, answer.number).locator(".msg__body")).to_be_in_viewport()
    row(page, answer.number).locator(".msg__quote").click()
    expect(page.locator(".msg--found")).to_have_id("m129")
    assert page.url.endswith("/20/")  # nothing was loaded for it


def test_a_hostile_message_runs_nothing_in_the_other_browser(browser, people) -> None:
    asha, ravi = people
    room = make_room(asha, ravi, name="<img src=x onerror=alert(1)>")
    his = browser.page(ravi)
    his.on("dialog", lambda dialog: pytest.fail("a script ran"))
    open_room(his, room)
    for body in ("<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "<svg onload=alert(1)>"):
        services.post_message(room=room, author=asha, body=body)
    his.wait_for_selector(".msg[data-number='3']")
    assert his.locator("#timeline img, #timeline svg, #timeline a[href^=javascript]").count() == 0
    his.reload()
    assert his.locator("#timeline img, #timeline svg, #timeline a[href^=javascript]").count() == 0
    assert his.locator("#room-title").inner_text().strip() == "<img src=x onerror=alert(1)>"


def row(page, number: int) -> Locator:
    return page.locator(f"#timeline .msg[data-number='{number}']")


def do(page, number: int, name: str) -> None:
    row(page, number).hover()
    button = page.locator(f"#actions [data-act={name}]").first
    if not button.is_visible():
        page.locator("#actions summary").click()
    button.click()


def test_a_conversation_side_by_side(browser, people) -> None:
    asha, ravi = people
    room = make_room(asha, ravi)
    hers, his = browser.page(asha), browser.page(ravi)
    open_room(his, room)
    open_room(hers, room)
    expect(hers.locator("#online")).to_contain_text("2 here")
    his.locator("#body").press_sequentially("Who brings")
    expect(hers.locator("#typing")).to_have_text("ravi is typing…")
    say(his, "Who brings tea @asha?")
    expect(row(hers, 1).locator(".mention--me")).to_have_text("@asha")
    expect(hers.locator("#toasts")).not_to_contain_text("mentioned you")  # it stands before her eyes

    do(hers, 1, "reply")
    say(hers, "I do")
    expect(row(his, 2).locator(".msg__quote")).to_contain_text("Who brings tea @asha?")
    expect(row(his, 1).locator(".msg__thread")).to_have_text("1 answer")
    row(his, 1).locator(".msg__thread").click()
    expect(his.locator("#thread .msg__body")).to_have_text(["Who brings tea @asha?", "I do"])
    his.keyboard.press("Escape")

    do(his, 2, "react")
    his.locator("#picker [data-emoji='🎉']").click()
    expect(row(hers, 2).locator(".reaction")).to_contain_text("1")
    row(hers, 2).locator(".reaction").click()
    expect(row(his, 2).locator(".reaction__count")).to_have_text("2")
    row(his, 2).locator(".reaction").hover()
    expect(row(his, 2).locator(".reaction")).to_have_attribute("title", "ravi and asha: 🎉")

    do(hers, 2, "edit")
    hers.fill("#ask-text", "I do, **green**")
    hers.click("#ask-yes")
    expect(row(his, 2).locator(".msg__body")).to_have_text("I do, green")
    expect(row(his, 2).locator(".msg__edited")).to_be_visible()

    do(hers, 1, "pin")
    expect(row(his, 1)).to_have_class(re.compile("msg--pinned"))
    do(his, 1, "delete")
    his.click("#ask-yes")
    expect(row(hers, 1).locator(".msg__body")).to_have_text("This message was deleted.")
    shown = bodies(hers)
    hers.reload()
    assert bodies(hers) == bodies(his) == shown
    expect(row(hers, 2).locator(".reaction__count")).to_have_text("2")


def test_a_keeper_mutes_and_bans_from_a_message_and_the_other_page_says_so_at_once(browser, people) -> None:
    asha, ravi = people
    room = make_room(asha, ravi)
    hers, his = browser.page(asha), browser.page(ravi)
    open_room(hers, room)
    open_room(his, room)
    say(his, "rude")
    row(hers, 1).wait_for()
    row(his, 1).hover()
    his.locator("#actions summary").click()
    assert his.locator("#actions [data-act=mute], #actions [data-act=ban]").locator("visible=true").count() == 0
    his.keyboard.press("Escape")
    do(hers, 1, "mute")
    expect(hers.locator("#toasts")).to_contain_text("ravi is muted for 10 minutes")
    expect(his.locator("#closed")).to_contain_text("You are muted in this room until")
    expect(his.locator("#composer")).to_be_hidden()
    do(hers, 1, "ban")
    hers.click("#ask-no")
    do(hers, 1, "ban")
    hers.click("#ask-yes")
    expect(his.locator("#closed")).to_have_text("You are banned from this room.")
    say(hers, "after the ban")
    row(hers, 2).wait_for()
    assert bodies(his) == ["rude"]
    assert list(room.audit.order_by("pk").values_list("action", flat=True)) == ["member.muted", "member.banned"]


def test_unread_counts_rise_on_any_page_and_fall_when_another_device_has_read(browser, people) -> None:
    asha, ravi = people
    room = make_room(asha, ravi)
    hers, desk, phone = browser.page(asha), browser.page(ravi), browser.page(ravi, width=360, height=740)
    desk.goto("/wallet/")
    desk.wait_for_selector("[data-state=connected]")
    open_room(hers, room)
    badge = desk.locator(f".rail [data-room='{room.pk}'] .badge")
    phone.goto("/rooms/")
    phone.wait_for_selector("[data-state=connected]")
    in_list = phone.locator(f".list__item[data-room='{room.pk}'] .badge")
    expect(in_list).to_be_hidden()
    say(hers, "one")
    expect(in_list).to_have_text("1 new")
    expect(badge).to_have_text("1")
    say(hers, "two")
    expect(badge).to_have_text("2")
    open_room(phone, room)
    expect(badge).to_have_text("")
    assert room.memberships.get(user=ravi).read_number == 2


def test_a_picture_goes_up_and_is_seen_by_the_other_without_a_jump(browser, people, tmp_path) -> None:
    asha, ravi = people
    room = make_room(asha, ravi)
    Image.new("RGB", (900, 600), "orange").save(tmp_path / "tea.jpg")
    hers, his = browser.page(asha), browser.page(ravi)
    open_room(his, room)
    open_room(hers, room)
    hers.set_input_files("#attach", tmp_path / "tea.jpg")
    expect(hers.locator("#files")).to_contain_text("Remove")
    hers.press("#body", "Enter")
    picture = row(his, 1).locator(".file--picture img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.width / image.height") == pytest.approx(1.5, abs=0.02)
    expect(picture).to_have_js_property("naturalWidth", 480)
    assert picture.evaluate("image => image.width / image.height") == pytest.approx(1.5, abs=0.02)


@pytest.mark.parametrize("width", [360, 1440])
def test_a_picture_has_its_place_before_it_arrives(browser, people, tmp_path, width) -> None:
    asha, _ = people
    room = make_room(asha)
    for number, size in enumerate([(1200, 800), (200, 1600)]):
        Image.new("RGB", size, "orange").save(tmp_path / "tea.png")
        file = SimpleUploadedFile(f"{number}.png", (tmp_path / "tea.png").read_bytes())
        attached = services.upload_file(seat=seat(asha, room), file=file)
        services.post_message(room=room, author=asha, body="", files=[attached.key])
    page = browser.page(asha, width=width, height=740)
    held: list[Route] = []
    page.route("**/thumbnail/", lambda route: held.append(route))
    open_room(page, room)
    pictures = page.locator(".file--picture img")
    sizes = "images => images.map(image => [image.offsetWidth, image.offsetHeight])"
    before = pictures.evaluate_all(sizes), page.evaluate("document.getElementById('scroll').scrollHeight")
    expect(pictures).to_have_count(2)
    while len(held) < 2:
        page.wait_for_timeout(50)
    for route in held:
        route.continue_()
    for number in range(2):
        expect(pictures.nth(number)).not_to_have_js_property("naturalWidth", 0)
    assert (pictures.evaluate_all(sizes), page.evaluate("document.getElementById('scroll').scrollHeight")) == before
    assert [one.shown_size for one in Attachment.objects.order_by("pk")] == [(320, 213), (30, 240)]


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_is_wider_than_the_screen(browser, people, width) -> None:
    asha, _ = people
    room = make_room(asha, description="A description that is long enough to want more room than a phone has")
    for body in ("a" * 400, "```py\n" + "x = 1; " * 60 + "\n```", "|a|b|\n|-|-|\n|" + "wide " * 60 + "|x|"):
        services.post_message(room=room, author=asha, body=body)
    page = browser.page(asha, width=width, height=740)
    open_room(page, room)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#scroll").evaluate("box => box.scrollWidth - box.clientWidth") == 0
    page.goto(f"{room.get_absolute_url()}people/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
