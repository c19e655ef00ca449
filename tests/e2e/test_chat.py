"""Flows 2 and 5, chat and live: two browsers in one room, on one daphne and on two, one socket per page."""

import json

from playwright.sync_api import Page, WebSocket, expect

from tests.e2e.conftest import Guests, Square


def open_room(page: Page) -> None:
    page.goto("/rooms/")
    page.get_by_role("main").get_by_role("link", name="The square").first.click()
    page.wait_for_selector("#room[data-connection=connected]")


def say(page: Page, text: str) -> None:
    page.fill("#body", text)
    page.press("#body", "Enter")


def last_bodies(page: Page, count: int) -> list[str]:
    return [text.strip() for text in page.locator("#timeline .msg__body").all_inner_texts()[-count:]]


def test_two_people_talk_and_it_is_there_in_order_after_a_reload(guests: Guests) -> None:
    sockets: list[WebSocket] = []
    frames: list[str] = []
    asha, ravi = guests.enter("asha"), guests.enter("ravi")

    def listen(socket: WebSocket) -> None:
        sockets.append(socket)
        socket.on("framereceived", lambda payload: frames.append(str(payload)))

    ravi.on("framenavigated", lambda frame: sockets.clear())
    ravi.on("websocket", listen)
    open_room(asha)
    open_room(ravi)
    [socket] = sockets
    assert socket.url.endswith("/ws/")

    for number in range(3):
        say(asha, f"from Asha {number}")
        expect(ravi.locator("#timeline .msg__body").last).to_have_text(f"from Asha {number}")
        say(ravi, f"from Ravi {number}")
        expect(asha.locator("#timeline .msg__body").last).to_have_text(f"from Ravi {number}")
    said = [text for number in range(3) for text in (f"from Asha {number}", f"from Ravi {number}")]
    assert last_bodies(asha, 6) == said
    ravi.reload()
    assert last_bodies(ravi, 6) == said
    told = [json.loads(frame) for frame in frames]
    streams = {message["params"]["stream"] for message in told if message.get("method") == "events"}
    assert any(stream.startswith("room:") for stream in streams)


def test_two_servers_on_one_redis_are_one_square(square: Square, guests: Guests) -> None:
    server = square.second_server()
    try:
        asha, ravi = guests.enter("asha"), guests.enter("ravi", base_url=server.url)
        open_room(asha)
        open_room(ravi)
        say(asha, "from the first server")
        expect(ravi.locator("#timeline .msg__body").last).to_have_text("from the first server")
        say(ravi, "from the second server")
        expect(asha.locator("#timeline .msg__body").last).to_have_text("from the second server")
        ravi.close()
    finally:
        server.stop()
