"""The wallet's papers: the statement and a transfer's receipt."""

from collections.abc import Iterable, Iterator

from django.utils import timezone

from payments.money import format_rupees
from payments.pdf.document import HEIGHT, MARGIN, WIDTH, document, rule_at
from payments.pdf.type import Type, fitted
from payments.queries import Receipt
from payments.statement import Line

LINE_POINTS = 13
LINES_PER_PAGE = (HEIGHT - 2 * MARGIN) // LINE_POINTS - 4

_WHAT_X, _AMOUNT_X, _BALANCE_X = 130, 470, WIDTH - MARGIN
_WHAT_WIDTH = 265


def statement_pdf(owner: str, chunks: Iterable[list[Line]]) -> Iterator[bytes]:
    """The statement, written while it is read."""
    type_ = Type()
    return document(_statement_pages(type_, owner, (line for some in chunks for line in some)), type_)


def _statement_pages(type_: Type, owner: str, lines: Iterable[Line]) -> Iterator[bytes]:
    """At least one, if only an empty one."""
    page: list[Line] = []
    number = 1
    for line in lines:
        if len(page) == LINES_PER_PAGE:
            yield _statement_page(type_, owner, page, number)
            page, number = [], number + 1
        page.append(line)
    yield _statement_page(type_, owner, page, number)


def _statement_page(type_: Type, owner: str, lines: list[Line], number: int) -> bytes:
    top, text_at = HEIGHT - MARGIN, type_.text_at
    parts = [
        text_at(MARGIN, top - 10, fitted(f"Chowk wallet: {owner}", WIDTH - 2 * MARGIN, 13), 13),
        text_at(MARGIN, top - 32, "Date"),
        text_at(_WHAT_X, top - 32, "What"),
        text_at(_AMOUNT_X, top - 32, "Amount", is_right=True),
        text_at(_BALANCE_X, top - 32, "Balance", is_right=True),
        rule_at(top - 36),
        text_at(MARGIN, MARGIN - 14, f"Page {number}", 8),
    ]
    for place, line in enumerate(lines, 1):
        y = top - 36 - place * LINE_POINTS
        what = f"{line.words} {line.other}" + (f": {line.note}" if line.note else "")
        parts += [
            text_at(MARGIN, y, f"{timezone.localtime(line.at):%Y-%m-%d %H:%M}"),
            text_at(_WHAT_X, y, fitted(what, _WHAT_WIDTH, 9)),
            text_at(_AMOUNT_X, y, format_rupees(line.amount_paise), is_right=True),
            text_at(_BALANCE_X, y, format_rupees(line.balance_after_paise), is_right=True),
        ]
    return b"\n".join(parts)


def receipt_pdf(receipt: Receipt) -> bytes:
    """One transfer as one of its parties sees it, for paper or an e-mail."""
    line = receipt.line
    payer, payee = receipt.names
    facts = [
        ("From", payer),
        ("To", payee),
        ("When", f"{timezone.localtime(line.at):%-d %B %Y, %H:%M:%S %Z}"),
        ("Note", line.note),
        ("Balance after", format_rupees(line.balance_after_paise)),
        ("Transfer", line.transfer_id),
        ("State", "Reversed" if receipt.reversal else "Done"),
    ]
    type_ = Type()
    top, text_at = HEIGHT - MARGIN, type_.text_at
    parts = [
        text_at(MARGIN, top - 10, "Chowk", 13),
        text_at(WIDTH - MARGIN, top - 10, "Receipt", 13, is_right=True),
        rule_at(top - 20),
        text_at(MARGIN, top - 64, format_rupees(abs(line.amount_paise)), 30),
        text_at(MARGIN, top - 90, fitted(f"{line.words} {line.other}", WIDTH - 2 * MARGIN, 13), 13),
    ]
    y = top - 130
    for name, value in facts:
        if value:
            parts += [text_at(MARGIN, y, name, 10), text_at(_WHAT_X + 20, y, fitted(value, 380, 11), 11)]
            y -= 22
    return b"".join(document([b"\n".join(parts)], type_))
