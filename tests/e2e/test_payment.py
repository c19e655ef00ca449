"""Flow 3, payment: "Transfer ₹100 to 7010233311", at once; then three workers each deliver their own."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Guests, Square


def rupees(page: Page) -> float:
    return float(re.sub(r"[^\d.]", "", page.locator("#balance").inner_text()))


def ask_to_send(page: Page, amount: str) -> None:
    page.fill("input[name=recipient]", "7010233311")
    page.fill("input[name=amount]", amount)
    page.get_by_role("button", name="Continue").click()


def test_a_hundred_rupees_to_ravi(square: Square, guests: Guests) -> None:
    asha, ravi = guests.enter("asha", path="/wallet/"), guests.enter("ravi", path="/wallet/")
    hers, his = rupees(asha), rupees(ravi)
    ask_to_send(asha, "100")
    expect(asha.get_by_role("main")).to_contain_text("Check and send")
    asha.get_by_role("button", name=re.compile("^Send ₹")).click()
    expect(asha.get_by_role("main")).to_contain_text("Transfer successful")
    expect(asha.get_by_role("main")).to_contain_text("₹100.00")

    # His open page learns of it by itself.
    expect(ravi.locator("#balance")).to_contain_text(f"{his + 100:.2f}"[-6:])
    assert rupees(ravi) == his + 100
    asha.goto("/wallet/")
    assert rupees(asha) == hers - 100

    ravi.goto("/inbox/")
    told = ravi.locator("#inbox li").first
    for channel in ("E-mail", "SMS", "Push"):
        expect(told).to_contain_text(re.compile(rf"{channel}: (sent|delivered)", re.I), timeout=20_000)
    told.locator("summary").click()
    for channel in ("E-mail", "SMS", "Push"):
        expect(told.get_by_role("region", name=re.compile(channel, re.I))).to_contain_text("₹100.00")
    assert "ravi@chowk.example" in square.mailbox()


def test_more_than_there_is_is_refused_in_words(guests: Guests) -> None:
    zoya = guests.enter("zoya", path="/wallet/")
    guests.allow_error(r"status of 422 .*/wallet/send/")
    before = rupees(zoya)
    ask_to_send(zoya, "900000")
    confirm = zoya.get_by_role("button", name=re.compile("^Send ₹"))
    if confirm.is_visible():
        confirm.click()
    expect(zoya.get_by_role("main")).not_to_contain_text("Transfer successful")
    zoya.goto("/wallet/")
    assert rupees(zoya) == before
