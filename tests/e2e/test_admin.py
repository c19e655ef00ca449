"""Flow 6, admin: every page of every model opens, and the queues' dashboard with them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Guests

pytestmark = pytest.mark.parametrize("square", ["embedded"], indirect=True)


def model_lists(page: Page) -> list[str]:
    """The paths of the lists on the admin's front page."""
    paths = page.eval_on_selector_all("#content a[href]", "links => links.map(link => link.pathname)")
    return sorted({path for path in paths if re.fullmatch(r"/admin/\w+/\w+/", path)})


def test_every_page_of_the_admin_opens(guests: Guests) -> None:
    page = guests.enter("admin", path="/admin/")
    lists = model_lists(page)
    assert len(lists) >= 12, lists
    broken: list[tuple[str, int]] = []
    for path in lists:
        answer = page.goto(path)
        assert answer is not None
        links = [path + "?q=asha"]
        for selector in (".addlink", "#result_list tbody th a"):
            links += page.eval_on_selector_all(selector, "links => links.slice(0, 1).map(link => link.href)")
        statuses = [(path, answer.status), *((link, page.request.get(link).status) for link in links)]
        broken += [(link, status) for link, status in statuses if status != 200]
    assert broken == []


def test_ledger_entries_and_events_are_read_only(guests: Guests) -> None:
    page = guests.enter("admin", path="/admin/")
    for path in ("/admin/payments/entry/", "/admin/notifications/event/"):
        page.goto(path)
        expect(page.locator("#result_list")).to_be_visible()
        assert page.locator(".object-tools .addlink").count() == 0
        page.locator("#result_list tbody th a").first.click()
        expect(page.locator("#content h1")).to_be_visible()
        assert page.locator("input[name=_save], .deletelink").count() == 0


def test_the_queues_dashboard_shows_the_five_queues(guests: Guests) -> None:
    page = guests.enter("admin", path="/admin/rq/")
    for queue in ("email", "sms", "push", "judge-premium", "judge-free"):
        expect(page.get_by_role("link", name=queue, exact=True).first).to_be_visible()


def test_the_admin_is_for_staff(guests: Guests) -> None:
    page = guests.enter("asha", path="/admin/")
    assert "/admin/login/" in page.url
