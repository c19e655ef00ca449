"""A plain PDF of lines of text, written page by page: memory does not grow with the length of the document.

PDF 1.4 (ISO 32000-1): one content stream per page in a standard font, the page tree and the table of offsets at the
end. The standard fonts know Latin letters alone; what they lack is printed as a question mark.
"""

from collections.abc import Iterable, Iterator

WIDTH, HEIGHT, MARGIN = 595, 842, 40
"""A4 in points."""
LINE_POINTS = 13
LINES_PER_PAGE = (HEIGHT - 2 * MARGIN) // LINE_POINTS - 4


def pdf_of(title: str, head: str, lines: Iterable[str]) -> Iterator[bytes]:
    """The document in pieces: each page has the title, the head of the columns, and as many lines as fit."""
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
    yield place(3, b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>")
    yield place(4, b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>")
    number = 4
    pages: list[int] = []
    for page in _pages(lines):
        content = _content(title, head, page, len(pages) + 1)
        yield place(number + 1, b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        yield place(
            number + 2,
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>" % (WIDTH, HEIGHT, number + 1),
        )
        number += 2
        pages.append(number)
    kids = b" ".join(b"%d 0 R" % page_number for page_number in pages)
    yield place(2, b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)))
    xref = position
    yield b"xref\n0 %d\n0000000000 65535 f \n" % (number + 1)
    for object_number in range(1, number + 1):
        yield b"%010d 00000 n \n" % offsets[object_number]
    yield b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (number + 1, xref)


def _pages(lines: Iterable[str]) -> Iterator[list[str]]:
    """At least one, if only an empty one."""
    page: list[str] = []
    is_first = True
    for line in lines:
        page.append(line)
        if len(page) == LINES_PER_PAGE:
            yield page
            page, is_first = [], False
    if page or is_first:
        yield page


def _content(title: str, head: str, lines: list[str], number: int) -> bytes:
    top = HEIGHT - MARGIN
    parts = [
        b"BT /F2 13 Tf %d %d Td (%s) Tj ET" % (MARGIN, top - 10, _text(title)),
        b"BT /F1 8 Tf %d %d Td (%s) Tj ET" % (MARGIN, top - 32, _text(head)),
        b"0.5 w %d %d m %d %d l S" % (MARGIN, top - 36, WIDTH - MARGIN, top - 36),
        b"BT /F1 8 Tf %d TL %d %d Td" % (LINE_POINTS, MARGIN, top - 36),
        *(b"T* (%s) Tj" % _text(line) for line in lines),
        b"ET",
        b"BT /F1 8 Tf %d %d Td (%s) Tj ET" % (MARGIN, MARGIN - 14, _text(f"Page {number}")),
    ]
    return b"\n".join(parts)


def _text(text: str) -> bytes:
    raw = text.replace("₹", "Rs ").encode("cp1252", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
