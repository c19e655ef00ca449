"""A PDF written page by page: memory does not grow with the length of the document.

PDF 1.4 (ISO 32000-1): one content stream per page; the fonts' used glyphs, the page tree and the table of offsets at
the end.
"""

import zlib
from collections.abc import Iterable, Iterator

from payments.pdf.type import Type

WIDTH, HEIGHT, MARGIN = 595, 842, 40
"""A4 in points."""
_CATALOGUE, _TREE, _SHARED = 1, 2, 3
"""Numbers of objects. What all pages share (their fonts) is known, and written, only after them."""


def rule_at(y: float) -> bytes:
    """A hairline over the width of the text."""
    return b"0.5 w %d %.2f m %d %.2f l S" % (MARGIN, y, WIDTH - MARGIN, y)


def document(pages: Iterable[bytes], type_: Type) -> Iterator[bytes]:
    """The document in pieces, from the operators that fill each page, written with that type."""
    offsets: dict[int, int] = {}
    position = 0

    def place(number: int, body: bytes) -> bytes:
        nonlocal position
        offsets[number] = position
        piece = b"%d 0 obj\n%s\nendobj\n" % (number, body)
        position += len(piece)
        return piece

    start = b"%PDF-1.4\n"
    position = len(start)
    yield start
    yield place(_CATALOGUE, b"<< /Type /Catalog /Pages %d 0 R >>" % _TREE)
    number = _SHARED
    kids: list[int] = []
    for page in pages:
        content = zlib.compress(page)
        yield place(
            number + 1,
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
        )
        yield place(
            number + 2,
            b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R /Resources %d 0 R >>"
            % (_TREE, WIDTH, HEIGHT, number + 1, _SHARED),
        )
        number += 2
        kids.append(number)
    first_font = number + 1
    for number, body in type_.objects(_SHARED, first_font):
        yield place(number, body)
    number = max(offsets)
    tree = b" ".join(b"%d 0 R" % kid for kid in kids)
    yield place(_TREE, b"<< /Type /Pages /Kids [%s] /Count %d >>" % (tree, len(kids)))
    xref = position
    yield b"xref\n0 %d\n0000000000 65535 f \n" % (number + 1)
    for object_number in range(1, number + 1):
        yield b"%010d 00000 n \n" % offsets[object_number]
    yield b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (number + 1, xref)
