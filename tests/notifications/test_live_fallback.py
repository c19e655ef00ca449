"""Two people chat in real browsers through an nginx that blocks WebSockets, and event streams too."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chat.models import Message
from tests.chat.factories import make_room, make_user
from tests.servers.browser import Browsers
from tests.servers.nginx import Nginx
from tests.servers.web import WebServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]

NO_SOCKET = {"~ ^/ws/": "return 403;"}
REFUSALS = r"WebSocket connection|status of 50[24]|net::ERR_"
NO_EVENTS = {**NO_SOCKET, "~ /sse$": "return 502;"}


@pytest.fixture
def nginx(live_server_factory: Callable[..., list[WebServer]], tmp_path: Path) -> Iterator[Callable[..., Nginx]]:
    started: list[Nginx] = []

    def start(blocked: dict[str, str]) -> Nginx:
        servers = live_server_factory(2, BEHIND_PROXY="1")
        one = Nginx(tmp_path / f"nginx{len(started)}", servers, blocked=blocked)
        started.append(one)
        one.wait_ready()
        return one

    yield start
    for one in started:
        one.stop()


def say(page: Page, text: str) -> None:
    page.fill("#body", text)
    page.press("#body", "Enter")


def connected_by(page: Page) -> Any:
    page.wait_for_selector("#room[data-connection=connected]", timeout=30_000)
    return page.evaluate("import('/static/notifications/live.js').then(({ live }) => live.kind)")


@pytest.mark.parametrize(
    ("blocked", "kind"),
    [(NO_SOCKET, "events"), (NO_EVENTS, "poll")],
    ids=["no WebSocket", "neither"],
)
def test_chat_works_by_what_is_let_through(
    browser: Browsers, nginx: Callable[..., Nginx], blocked: dict[str, str], kind: str
) -> None:
    browser.allow_error(REFUSALS)
    asha, ravi = make_user("asha"), make_user("ravi")
    room = make_room(asha, ravi)
    url = nginx(blocked).url
    hers, his = browser.page(asha, base_url=url), browser.page(ravi, base_url=url)
    for page in (hers, his):
        page.goto(room.get_absolute_url())
    assert [connected_by(page) for page in (hers, his)] == [kind, kind]
    for i in range(5):
        say(hers, f"hers {i}")
        say(his, f"his {i}")
    for page in (hers, his):
        expect(page.locator("#timeline .msg[data-number]")).to_have_count(10)
        expect(page.locator(".msg--waiting")).to_have_count(0)
    stored = [message.body for message in Message.objects.order_by("number")]
    assert sorted(stored) == sorted([f"{who} {i}" for who in ("hers", "his") for i in range(5)])
    for page in (hers, his):
        assert [text.strip() for text in page.locator("#timeline .msg__body").all_inner_texts()] == stored
    # The next page of the tab begins with what works, and needs no failed attempt for it.
    hers.reload()
    assert connected_by(hers) == kind


def test_a_killed_server_costs_neither_a_message_nor_a_repetition(
    browser: Browsers, nginx: Callable[..., Nginx]
) -> None:
    browser.allow_error(REFUSALS)
    asha, ravi = make_user("asha"), make_user("ravi")
    room = make_room(asha, ravi)
    proxy = nginx({})
    pages = [browser.page(user, base_url=proxy.url) for user in (asha, ravi)]
    for page in pages:
        page.goto(room.get_absolute_url())
        assert connected_by(page) == "socket"
    for i in range(12):
        if i == 4:
            proxy.servers[0].kill()
        for page in pages:
            say(page, f"{i}")
    for page in pages:
        expect(page.locator("#timeline .msg[data-number]")).to_have_count(24, timeout=30_000)
        expect(page.locator(".msg--waiting")).to_have_count(0)
    assert Message.objects.count() == 24
    numbers = [
        page.eval_on_selector_all(".msg", "rows => rows.map(row => Number(row.dataset.number))") for page in pages
    ]
    assert numbers == [list(range(1, 25))] * 2
    for user in (asha, ravi):
        assert [m.body for m in Message.objects.filter(author=user).order_by("number")] == [str(i) for i in range(12)]
