"""A PDF written page by page: memory does not grow with the length of the document.

PDF 1.4 (ISO 32000-1): one content stream per page, the page tree and the table of offsets at the end.
"""

import zlib
from collections.abc import Iterable, Iterator

from payments.pdf.type import font_objects

WIDTH, HEIGHT, MARGIN = 595, 842, 40
"""A4 in points."""
_FONT = 3
"""The number of the font's first object; the catalogue and the page tree are 1 and 2."""


def rule_at(y: float) -> bytes:
    """A hairline over the width of the text."""
    return b"0.5 w %d %.2f m %d %.2f l S" % (MARGIN, y, WIDTH - MARGIN, y)


def document(pages: Iterable[bytes]) -> Iterator[bytes]:
    """The document in pieces, from the operators that fill each page."""
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
    yield place(1, b"<< /Type /Catalog /Pages 2 0 R >>")
    number = _FONT
    for number, body in font_objects(_FONT):
        yield place(number, body)
    kids: list[int] = []
    for page in pages:
        content = zlib.compress(page)
        yield place(
            number + 1,
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
        )
        yield place(
            number + 2,
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R"
            b" /Resources << /Font << /F1 %d 0 R >> >> >>" % (WIDTH, HEIGHT, number + 1, _FONT),
        )
        number += 2
        kids.append(number)
    tree = b" ".join(b"%d 0 R" % kid for kid in kids)
    yield place(2, b"<< /Type /Pages /Kids [%s] /Count %d >>" % (tree, len(kids)))
    xref = position
    yield b"xref\n0 %d\n0000000000 65535 f \n" % (number + 1)
    for object_number in range(1, number + 1):
        yield b"%010d 00000 n \n" % offsets[object_number]
    yield b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (number + 1, xref)
