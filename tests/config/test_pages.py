"""What everyone's browser sees on the main pages: accessible in light and dark, light to load, true to the policy."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.urls import Resolver404, resolve
from playwright.sync_api import Page

from config.demo import load_demo
from tests.servers.browser import Browsers
from tests.servers.processes import PROJECT_DIR, child_environment
from tests.servers.web import WebServer

pytestmark = pytest.mark.one_database

AXE = (PROJECT_DIR / "tests" / "vendor" / "axe.min.js").read_text()
RUN_AXE = """async (dark) => {
  const rules = dark ? ["color-contrast"] : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await axe.run({ runOnly: { type: dark ? "rule" : "tag", values: rules } });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}"""

STRANGERS_PAGES = ["/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
HOUSE_PAGES = ["/search/?q=a", "/accounts/profile/", "/accounts/password/change/", "/design/", "/offline/"]
"""Pages that the places of the rail do not lead to."""
NO_PAGES = {"manifest", "service_worker", "account_login", "account_signup"}
BUDGET_BYTES = 100 * 1024
"""What may come over the wire before a first visit has its page; the look's own rule."""


@pytest.fixture
def asha(transactional_db: None) -> User:
    return load_demo()["asha"]


def violations(page: Page) -> list[str]:
    """What axe finds on the open page: all its rules in the light theme, contrast again in the dark one.

    The page is loaded in each theme: Chromium may still see colours of the old one after a change.
    """
    found = []
    for theme, dark in (("light", False), ("dark", True)):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        if dark:
            page.reload()
        page.evaluate(AXE)
        found += [f"{page.url} {theme}: {one}" for one in page.evaluate(RUN_AXE, dark)]
    page.emulate_media(color_scheme="light")
    return found


def pages_in_reach(page: Page) -> Iterator[str]:
    """Open one page of each kind that someone reaches by clicking: of all rooms one, of all problems one."""
    found: set[str] = set()
    waiting = ["/", *HOUSE_PAGES]
    while waiting:
        path = waiting.pop(0)
        kind = kind_of(path)
        if kind is None or kind in found:
            continue
        found.add(kind)
        page.goto(path)
        waiting += page.eval_on_selector_all("a[href^='/']", "links => links.map((a) => a.getAttribute('href'))")
        yield path


def kind_of(path: str) -> str | None:
    """The name of the view behind an address; None for files, and for what is not a page of the house."""
    place = urlsplit(path).path
    if "." in place.rsplit("/", 1)[-1]:
        return None
    try:
        match = resolve(place)
    except Resolver404:
        return None
    if match.app_name in ("admin", "django_rq") or match.url_name in NO_PAGES:
        return None
    return match.view_name


def test_strangers_pages_are_accessible(browser: Browsers) -> None:
    browser.allow_error("404")
    page = browser.page()
    found = []
    for path in [*STRANGERS_PAGES, "/nothing-here/"]:
        page.goto(path)
        found += violations(page)
    assert not found, "\n".join(found)


def test_a_persons_pages_are_accessible(browser: Browsers, asha: User) -> None:
    page = browser.page(asha)
    found = [one for _ in pages_in_reach(page) for one in violations(page)]
    assert not found, "\n".join(found)


def test_no_page_is_wider_than_a_small_phone_or_moves_by_itself(browser: Browsers, asha: User) -> None:
    page = browser.page(asha, width=360, height=740)
    faults = []
    for path in pages_in_reach(page):
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 360:
            faults.append(f"{path} is {width} px wide")
        if page.evaluate("scrollY"):
            faults.append(f"{path} moves by itself")
    assert faults == []


def test_keys_lead_through_the_house(browser: Browsers, asha: User) -> None:
    page = browser.page(asha)
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Shortcuts").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("w")
    page.wait_for_url("**/wallet/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("g p")
    assert page.input_value("#search") == "g p", "letters in a field are words, not shortcuts"


def test_the_theme_holds_from_page_to_page(browser: Browsers, asha: User) -> None:
    page = browser.page(asha)
    page.goto("/")
    page.locator("summary", has_text="You: asha").click()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.goto("/wallet/")
    assert page.evaluate("getComputedStyle(document.body).colorScheme || document.documentElement.dataset.theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_pill_tells_how_the_page_is_connected(browser: Browsers, asha: User) -> None:
    page = browser.page(asha)
    page.goto("/")
    page.wait_for_selector('[data-connection][data-state="connected"]')
    pill = page.get_by_role("group").locator("summary", has_text="Live")
    assert pill.locator(".connection__detail").inner_text().startswith("local · ")
    pill.click()
    facts = page.locator(".connection__facts").inner_text().split("\n")
    assert facts[0::2] == ["Region", "Server", "Round trip", "By"]
    assert (facts[1], facts[7]) == ("local", "WebSocket")
    assert re.fullmatch(r"\d+ ms", facts[5])
    page.keyboard.press("Escape")
    assert not page.locator(".connection__sheet").is_visible()


def test_a_first_visit_is_light(
    browser: Browsers, asha: User, live_server_factory: Callable[..., list[WebServer]]
) -> None:
    """Measured on a production run, whose files are compressed; every file, late ones too, of the page counts."""
    production = {"DEBUG": "0"}
    command = [sys.executable, PROJECT_DIR / "manage.py", "collectstatic", "--no-input", "-v0"]
    subprocess.run(command, env=child_environment(**production), check=True, timeout=120)
    server = live_server_factory(1, **production)[0]
    heavy = []
    for user, path in [(None, "/"), (asha, "/"), (asha, "/rooms/"), (asha, "/wallet/"), (asha, "/judge/")]:
        page = browser.page(user, base_url=server.url)
        received = Counter[str]()
        urls: dict[str, str] = {}
        wire = page.context.new_cdp_session(page)
        wire.on(
            "Network.requestWillBeSent",
            lambda begun, urls=urls: urls.update({begun["requestId"]: begun["request"]["url"]}),
        )
        wire.on(
            "Network.loadingFinished",
            lambda done, urls=urls, received=received: received.update(
                {urls[done["requestId"]]: done["encodedDataLength"]}
            ),
        )
        wire.send("Network.enable")
        page.goto(path, wait_until="networkidle")
        if received.total() > BUDGET_BYTES:
            heavy.append(f"{path}: {received.total()} bytes: {received.most_common()}")
        page.context.close()
    assert not heavy, "\n".join(heavy)


def test_a_lost_network_is_told_on_a_page_of_ours(browser: Browsers, asha: User) -> None:
    browser.allow_error("ERR_INTERNET_DISCONNECTED")
    browser.allow_error("WebSocket")
    page = browser.page(asha)
    page.goto("/")
    page.wait_for_selector('[data-connection][data-state="connected"]')
    page.evaluate("navigator.serviceWorker.ready")
    page.context.set_offline(True)
    page.goto("/wallet/")
    page.get_by_role("heading", name="You are offline").wait_for()
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Inter Variable"'), "in its clothes"
    page.context.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    page.get_by_role("heading", name="Wallet", exact=True).wait_for()
