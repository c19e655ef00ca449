"""How the judge's pages show verdicts, amounts of time and memory, and test data."""

from typing import Any

from django import template

from judge import languages
from judge.models import Submission
from judge.verdicts import State, Verdict, pill_of

register = template.Library()

SHOWN_CHARS = 4000


@register.filter
def verdict_words(submission: Submission) -> str:
    """Where a submission stands, in words."""
    if submission.state == State.QUEUED:
        return "Waiting" if submission.waiting_reason else "Queued"
    if submission.state == State.COMPILING:
        return "Compiling"
    if submission.state == State.RUNNING:
        return f"Running {submission.tests_done} of {submission.tests_total}"
    words = Verdict(submission.verdict).label
    if submission.failed_test and submission.verdict != Verdict.PARTIAL:
        words += f" on test {submission.failed_test}"
    return words


@register.filter
def verdict_label(code: str) -> str:
    """Wrong answer for WA."""
    return Verdict(code).label


@register.filter
def pill(code: str) -> str:
    """The variant of the pill that shows a verdict."""
    return pill_of(code)[0]


@register.filter
def pill_icon(code: str) -> str:
    """The icon in it."""
    return pill_of(code)[1]


@register.filter
def milliseconds(value: int | None) -> str:
    """1,234 ms as 1.23 s."""
    if value is None:
        return "–"
    return f"{value} ms" if value < 1000 else f"{value / 1000:.2f} s"


@register.filter
def kib(value: int | None) -> str:
    """KiB as MiB."""
    return "–" if value is None else f"{value / 1024:.1f} MiB"


@register.filter
def wait(seconds: int) -> str:
    """90 s as 2 min: nobody knows it more exactly."""
    return f"{seconds} s" if seconds < 60 else f"{-(-seconds // 60)} min"


@register.filter
def language_name(code: str) -> str:
    language = languages.find(code)
    return language.name if language else code


@register.filter
def as_text(data: Any) -> str:
    """Test data as text, its start alone where it is long."""
    text = bytes(data[: SHOWN_CHARS * 4]).decode(errors="replace")
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "\n…"


@register.filter
def diff_lines(expected: Any, given: str) -> list[tuple[str, str, bool]]:
    """Expected and given output line by line, and whether they are the same but for white space."""
    wanted = as_text(expected).rstrip("\n").split("\n")
    got = given.rstrip("\n").split("\n")
    rows = max(len(wanted), len(got))
    wanted += [""] * (rows - len(wanted))
    got += [""] * (rows - len(got))
    return [(a, b, a.split() == b.split()) for a, b in zip(wanted, got, strict=True)]
