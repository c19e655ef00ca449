"""The inbox and the phone in a real browser: what arrives appears without a reload."""

from collections.abc import Callable

import pytest

from notifications.models import Notification
from notifications.services import notify
from tests.notifications.factories import make_person
from tests.servers.browser import Browsers
from tests.servers.processes import ServerProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]


def test_what_arrives_appears_in_inbox_and_phone(browser: Browsers, worker: Callable[..., ServerProcess]) -> None:
    asha = make_person("asha", phone="+919812345601")
    inbox, phone = browser.page(asha), browser.page(asha, width=360, height=740)
    inbox.goto("/inbox/")
    phone.goto("/phone/")
    inbox.locator("[data-connection][data-state=connected]").wait_for()
    worker("email", "sms", "push")
    data = {"subject": "Money received", "text": "₹100.00 from ravi"}
    notify(user=asha, kind="test_message", key="1", data=data, url="/inbox/preferences/")
    told = inbox.locator("#inbox li", has_text="Money received")
    told.wait_for()
    told.locator(".pill--good").nth(2).wait_for()
    assert told.locator(".pill--good").all_inner_texts() == ["E-mail: sent", "SMS: sent", "Push: sent"]
    phone.locator(".text--new", has_text="₹100.00 from ravi").wait_for()
    inbox.locator(".bar__bell .badge", has_text="1").wait_for()
    told.locator("summary").click()
    assert "₹100.00 from ravi" in told.locator(".way__words").first.inner_text()
    told.locator(".told__title").click()
    inbox.wait_for_url("**/inbox/preferences/")
    assert Notification.objects.get().read_at is not None


def test_preferences_are_saved_by_keyboard_and_hold(browser: Browsers) -> None:
    asha = make_person("asha")
    page = browser.page(asha, width=360, height=740)
    page.goto("/inbox/preferences/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = page.get_by_label("Announcement by SMS")
    box.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    assert not page.get_by_label("Announcement by SMS").is_checked()
