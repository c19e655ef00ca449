"""The pages of deliveries with something on them, in a real browser: accessible, on every width, by keyboard."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page

from notifications.events import emit
from notifications.events.following import follow
from notifications.events.numbering import number_events
from notifications.models import Announcement, Delivery, DomainEvent, Notification, State, Webhook, WebhookDelivery
from notifications.outbox.delivering import deliver
from notifications.services import bury_address, notify, send_email_code, send_phone_code
from tests.config.test_pages import violations
from tests.notifications.factories import make_person
from tests.servers.browser import Browsers
from tests.servers.processes import ServerProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]

LONG_REASON = "550 5.1.1 <nobody@a-rather-long-host-name.example>: recipient address rejected: no such mailbox"


@pytest.fixture
def boss() -> User:
    """Staff with an inbox, texts, a dead letter, a webhook with its log, and two codes on their way."""
    boss = make_person("boss", phone="+919812345601", language="hi")
    User.objects.filter(pk=boss.pk).update(is_staff=True)
    boss.refresh_from_db()
    for number in range(3):
        notify(user=boss, kind="test_message", key=str(number), data={"text": "₹100.00 " * 20}, url="/wallet/")
    send_phone_code(user=boss, phone="+919812345602")
    send_email_code(user=boss)
    for channel in ("email", "sms", "push"):
        deliver(channel, [])
    bury_address(channel="email", address=boss.email, reason=LONG_REASON)
    dead = Delivery.objects.filter(channel="email", notification__kind="test_message")
    dead.update(state=State.DEAD, due_at=None, sent_at=None, reason=LONG_REASON)
    with transaction.atomic():
        emit("transfer.completed", {"milliseconds": 40}, about=[boss])
    number_events()
    follow("metrics")
    now = timezone.now()
    Announcement.objects.create(
        author=boss, key="k1", audience="group:0", audience_label="Mentors", title="To a group that is gone", text="x",
        people_count=12, created_at=now, moved_at=now,
    )  # fmt: skip
    hook = Webhook.objects.create(
        owner=boss, url="https://example.com/" + "x" * 100, secret="whsec_c2VjcmV0", created_at=timezone.now()
    )
    WebhookDelivery.objects.create(
        webhook=hook,
        event=DomainEvent.objects.get(),
        state="dead",
        created_at=timezone.now(),
        status=None,
        answer=LONG_REASON,
    )
    return boss


def pages() -> list[str]:
    return [
        "/inbox/",
        "/inbox/?show=unread",
        "/inbox/preferences/",
        "/inbox/phone-number/code/",
        "/inbox/email-code/",
        "/inbox/webhooks/",
        f"/inbox/webhooks/{Webhook.objects.get().pk}/",
        "/phone/",
        "/staff/queues/",
        "/staff/activity/",
        "/staff/announce/",
        "/staff/messages/transfer_received/",
        "/staff/messages/digest/",
    ]


def test_they_are_accessible_in_light_and_dark(browser: Browsers, boss: User) -> None:
    page = browser.page(boss)
    found = []
    for path in pages():
        page.goto(path)
        found += violations(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("width", [360, 768])
def test_none_is_wider_than_the_screen(browser: Browsers, boss: User, width: int) -> None:
    page = browser.page(boss, width=width, height=740)
    wide = []
    for path in pages():
        page.goto(path)
        open_all(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(path)
    assert wide == []


def open_all(page: Page) -> None:
    page.eval_on_selector_all("main details", "all => all.forEach((details) => (details.open = true))")


def test_an_announcement_is_made_by_keyboard(
    browser: Browsers, boss: User, worker: Callable[..., ServerProcess]
) -> None:
    asha = make_person("asha")
    page = browser.page(boss, width=360, height=740)
    page.goto("/staff/announce/")
    page.get_by_label("Title").focus()
    page.keyboard.type("Contest on Sunday")
    page.keyboard.press("Tab")
    page.keyboard.type("Come early.")
    page.get_by_role("button", name="Look it over").press("Enter")
    page.get_by_role("heading", name="Send this to 2 people?").wait_for()
    assert not Notification.objects.filter(kind="announcement").exists()
    page.get_by_role("button", name="Send to 2").press("Enter")
    page.get_by_text("of 2 people told").wait_for()
    reader = browser.page(asha)
    reader.goto("/inbox/")
    reader.locator("[data-connection][data-state=connected]").wait_for()
    worker("events", "email", "push")
    reader.locator("#inbox .pill--good", has_text="E-mail: sent").wait_for()
    assert "Contest on Sunday" in reader.locator("#inbox").inner_text()
