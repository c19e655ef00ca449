"""Two people with the wallet open: what one sends appears on the other's page without a reload."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from payments import services
from tests.payments.factories import make_person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]


def test_money_moves_before_both_their_eyes(browser: Any) -> None:
    asha = make_person("asha", paise=100_000, first_name="Asha")
    ravi = make_person("ravi", paise=5_000, first_name="Ravi", phone="+917010233311")
    hers, his = browser.page(asha), browser.page(ravi)
    watching = browser.page(asha)
    for page in (hers, his, watching):
        page.goto("/wallet/")
    expect(his.locator("#balance")).to_have_text("₹50.00")
    hers.get_by_label("To", exact=True).fill("7010233311")
    hers.get_by_label("Amount in ₹").fill("125.50")
    hers.get_by_label("Note").fill("चाय <b>")
    hers.get_by_role("button", name="Continue").click()
    hers.wait_for_url(re.compile(r"/wallet/send/.+"))
    hers.get_by_role("button", name=re.compile("^Send ₹")).click()
    hers.wait_for_url(re.compile(r"/wallet/transfers/.+"))
    expect(his.locator("#balance")).to_have_text("₹175.50")
    expect(his.locator("#lines li").first).to_contain_text("Received from Asha")
    expect(his.locator("#lines li").first).to_contain_text("चाय <b>")
    expect(watching.locator("#balance")).to_have_text("₹874.50")
    # And what comes while the page was away: a second one, straight from the service.
    services.send_money(payer=ravi, payee=asha, amount_paise=50, key="back")
    expect(watching.locator("#balance")).to_have_text("₹875.00")
    expect(watching.locator("#lines li").first).to_contain_text("Received from Ravi")


def test_a_statement_that_stands_open_follows(browser: Any) -> None:
    asha = make_person("asha", paise=100_000, first_name="Asha")
    ravi = make_person("ravi", paise=50_000, first_name="Ravi")
    services.send_money(payer=asha, payee=ravi, amount_paise=100, key="first", note="tea")
    everything, filtered = browser.page(asha), browser.page(asha)
    everything.goto("/wallet/statement/")
    filtered.goto("/wallet/statement/?q=tea")
    services.send_money(payer=ravi, payee=asha, amount_paise=12_550, key="second", note="cake")
    services.send_money(payer=asha, payee=ravi, amount_paise=250, key="third", note="tea again")
    rows = everything.locator("tbody tr")
    expect(rows.first).to_contain_text("tea again")
    expect(rows.nth(1)).to_contain_text("+₹125.50")
    expect(everything.locator("[data-moves=sums] .stat__value")).to_have_text("₹1,122.00")
    expect(filtered.locator("tbody tr")).to_have_count(2)
    expect(filtered.locator("tbody")).not_to_contain_text("cake")
