"""The problem's page without a mouse."""

from typing import Any

from playwright.sync_api import expect

from tests.judge.factories import make_problem, make_user


def test_the_editor_can_be_left_by_keyboard(browser: Any) -> None:
    page = browser.page(make_user("asha"))
    page.goto(make_problem().get_absolute_url())
    editor = page.locator(".cm-content")
    editor.focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("x = 1")
    page.keyboard.press("Home")

    page.keyboard.press("Tab")
    assert page.locator("textarea[name=source]").input_value() == "    x = 1"

    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(editor).not_to_be_focused()
    assert page.evaluate("document.activeElement.closest('.editor')") is None
    expect(page.locator("#editor-keys")).to_contain_text("Esc, then Tab, leaves the editor")

    # And back into it, the other way round.
    page.keyboard.press("Shift+Tab")
    expect(editor).to_be_focused()
