"""Flow 4, the judge: written in the editor, handed in, watched live; free and premium by queues of their own."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Guests
from tests.servers.parts import find_program

VERDICT_MS = 60_000

PYTHON_SUM = "a, b = map(int, input().split())\nprint(a + b)\n"
CPP_SUM = "#include <iostream>\nint main() { long long a, b; std::cin >> a >> b; std::cout << a + b << std::endl; }\n"
C_SUM = '#include <stdio.h>\nint main(void) { long long a, b; scanf("%lld %lld", &a, &b); printf("%lld", a + b); }\n'

# Notes every word of the verdict's pill from the moment that it appears.
WATCH_WORDS = """() => {
  window.words = [];
  const watch = document.getElementById("watch");
  const note = () => {
    const text = watch.querySelector(".pill")?.textContent.replace(/\\s+/g, " ").trim();
    if (text && text !== window.words.at(-1)) window.words.push(text);
  };
  new MutationObserver(note).observe(watch, { childList: true, subtree: true, characterData: true });
}"""

# As a person pastes: typing over a selection, Chromium makes styled spans for a moment, which the policy reports.
PASTE = """(editor, text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(autouse=True)
def _sandbox() -> None:
    find_program("bwrap", package="bubblewrap")


def open_problem(page: Page) -> None:
    page.goto("/judge/")
    page.get_by_role("main").get_by_role("link", name="A + B").first.click()
    expect(page.locator(".cm-content")).to_be_visible()
    page.evaluate(WATCH_WORDS)


def hand_in(page: Page, language: str, source: str) -> None:
    page.get_by_label("Language").select_option(label=language)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.locator(".cm-content").evaluate(PASTE, source)
    page.get_by_role("button", name="Submit").click()


def verdict(page: Page) -> str:
    """The words at the end."""
    expect(page.locator("#watch .report")).to_have_attribute("data-state", "done", timeout=VERDICT_MS)
    return page.locator("#watch .report__verdict").inner_text()


def states(page: Page) -> list[str]:
    """What the submission's stream told, each state once: a page may come too late to show the first."""
    stream = page.locator("#watch .report").get_attribute("data-stream")
    events = page.evaluate("path => fetch(path).then(answer => answer.json())", f"/streams/{stream}/events?after=0")
    told = [event["data"]["state"] for event in events["events"]]
    return list(dict.fromkeys(told))


def language(page: Page, start: str) -> str:
    labels = page.get_by_label("Language").locator("option").all_inner_texts()
    return next(label for label in labels if re.match(start, label))


def test_asha_and_ravi_watch_their_submissions_live(guests: Guests) -> None:
    asha, ravi = guests.enter("asha"), guests.enter("ravi")
    for page in (asha, ravi):
        open_problem(page)
    address = asha.url
    hand_in(asha, language(asha, "Python"), PYTHON_SUM)
    hand_in(ravi, language(ravi, r"C\+\+"), CPP_SUM)
    for page in (asha, ravi):
        assert "Accepted" in verdict(page)
        words = page.evaluate("window.words")
        assert any(re.match(r"Running \d+ of \d+", word) for word in words), words
        assert page.locator("#watch").get_by_text(re.compile(r"\d ms|\d s")).count()
        assert page.locator("#watch").get_by_text(re.compile("[KM]iB")).count()
        assert states(page) == ["queued", "compiling", "running", "done"]
    assert asha.url == address

    admin = guests.enter("admin")
    for username, queue in (("asha", "Free"), ("ravi", "Premium")):
        admin.goto(f"/admin/judge/submission/?q={username}")
        expect(admin.locator("#result_list tbody tr").first).to_contain_text(queue)


@pytest.mark.parametrize("square", ["embedded"], indirect=True)
@pytest.mark.parametrize(
    ("start", "source", "words"),
    [
        (r"C\b(?!\+)", C_SUM, "Accepted"),
        ("Python", "a, b = map(int, input().split())\nprint(a - b)\n", r"Wrong answer on test \d+"),
        (r"C\b(?!\+)", "int main( {\n", "Compil"),
        ("Python", "print(1 // 0)\n", r"Runtime error on test 1"),
        ("Python", "while True: pass\n", r"Time limit exceeded on test 1"),
    ],
    ids=["accepted in C", "wrong answer", "compile error", "runtime error", "time limit"],
)
def test_a_verdict_shows_as_such(guests: Guests, start: str, source: str, words: str) -> None:
    page = guests.enter("meera")
    open_problem(page)
    hand_in(page, language(page, start), source)
    assert re.search(words, verdict(page))
    page.get_by_role("link", name="Open this submission").click()
    expect(page.get_by_role("main")).to_contain_text(re.compile(words))
