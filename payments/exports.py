"""A statement as a file, written while it is read."""

import csv
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from payments.money import plain_rupees
from payments.statement import Line

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class _Echo:
    """What csv.writer writes to: it hands the row back."""

    def write(self, row: str) -> str:
        return row


def csv_of(chunks: Iterable[list[Line]]) -> Iterator[str]:
    """RFC 4180, with amounts in rupees as plain numbers."""
    write = csv.writer(_Echo()).writerow
    yield "\ufeff" + str(write(["Date", "Time", "What", "Note", "Amount", "Balance", "Transfer"]))
    for lines in chunks:
        yield "".join(str(write(_row(line))) for line in lines)


def _row(line: Line) -> list[str]:
    at = timezone.localtime(line.at)
    return [
        f"{at:%Y-%m-%d}",
        f"{at:%H:%M:%S}",
        _safe(f"{line.words} {line.other}"),
        _safe(line.note),
        plain_rupees(line.amount_paise),
        plain_rupees(line.balance_after_paise),
        line.transfer_id,
    ]


def _safe(text: str) -> str:
    """A text that a spreadsheet would run as a formula is marked as text (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def download(request: HttpRequest, pieces: Iterator[Any], *, name: str, content_type: str) -> StreamingHttpResponse:
    """A file that is sent while it is made."""
    # Under ASGI Django would gather a plain iterator into a list before it sends anything.
    content: Any = _in_turn(pieces) if isinstance(request, ASGIRequest) else pieces
    response = StreamingHttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _in_turn(pieces: Iterator[Any]) -> AsyncIterator[Any]:
    take = sync_to_async(lambda: next(pieces, None))
    while (piece := await take()) is not None:
        yield piece
