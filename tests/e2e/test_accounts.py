"""Flow 1, accounts: sign up, log out, log in, a forgotten password; and who is there already."""

import quopri
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Guests, Square
from tests.servers.processes import wait_until

pytestmark = pytest.mark.parametrize("square", ["embedded"], indirect=True)


def test_a_newcomer_signs_up_leaves_and_comes_back_by_a_mailed_link(square: Square, guests: Guests) -> None:
    page = guests.page()
    page.goto("/")
    page.get_by_role("link", name="Sign up").first.click()
    page.fill("input[name=email]", "farah@chowk.example")
    page.fill("input[name=username]", "farah")
    page.fill("input[name=password1]", "mango-lassi-42")
    page.fill("input[name=password2]", "mango-lassi-42")
    page.press("input[name=password2]", "Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("farah")

    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name=re.compile("log out", re.I)).click()
    page.goto("/wallet/")
    assert "/accounts/login/" in page.url

    page.goto("/accounts/password/reset/")
    page.fill("input[name=email]", "farah@chowk.example")
    page.press("input[name=email]", "Enter")
    page.wait_for_load_state()

    def link() -> str:
        text = quopri.decodestring(square.mailbox().encode()).decode(errors="replace")
        found = re.search(r"http\S+/accounts/password/reset/key/\S+", text)
        return found[0] if found else ""

    wait_until(link, what="the e-mail with the link")
    assert link().startswith(square.url)
    page.goto(link())
    page.fill("input[name=password1]", "kesar-kulfi-43")
    page.fill("input[name=password2]", "kesar-kulfi-43")
    page.press("input[name=password2]", "Enter")
    page.wait_for_load_state()

    page.goto("/accounts/login/")
    page.fill("input[name=login]", "farah")
    page.fill("input[name=password]", "kesar-kulfi-43")
    page.press("input[name=password]", "Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("farah")


def test_the_login_page_of_a_debug_run_lets_the_demo_people_in(guests: Guests) -> None:
    page = guests.page()
    page.goto("/accounts/login/")
    for username in ("asha", "ravi", "meera", "kabir", "zoya", "admin"):
        expect(page.get_by_text(f"{username}-chowk", exact=True)).to_be_visible()
    page.get_by_role("button", name="Log in as asha").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Asha")
