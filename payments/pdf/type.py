"""Text as PDF shows it: glyphs of the embedded fonts, shaped by HarfBuzz."""

from collections import defaultdict
from collections.abc import Iterator

import uharfbuzz

from payments.pdf.fonts import FONTS, OBJECTS_PER_FONT, Font, runs_of

Placed = tuple[int, int, int, int]
"""A glyph's number, its advance and its offsets, in the font's units."""


def _shaped(text: str) -> list[tuple[Font, list[Placed]]]:
    shaped = []
    for font, run in runs_of(text):
        buffer = uharfbuzz.Buffer()
        buffer.add_str(run)
        buffer.guess_segment_properties()
        uharfbuzz.shape(font.hb, buffer)
        pairs = zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
        shaped.append((font, [(info.codepoint, at.x_advance, at.x_offset, at.y_offset) for info, at in pairs]))
    return shaped


def _width(shaped: list[tuple[Font, list[Placed]]], points: float) -> float:
    return sum(sum(advance for _, advance, _, _ in placed) * points / font.hb.face.upem for font, placed in shaped)


def width_of(text: str, points: float) -> float:
    """How wide the text stands, in points."""
    return _width(_shaped(text), points)


def fitted(text: str, width: float, points: float) -> str:
    """The text on one line, cut with … where it is wider than that many points."""
    text = " ".join(text.split())
    if width_of(text, points) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width_of(text[:middle] + "…", points) <= width else (low, middle - 1)
    return text[:low] + "…"


class Type:
    """The letters of one document: it embeds only what it has written."""

    def __init__(self) -> None:
        self._used: dict[Font, set[int]] = defaultdict(set)

    def text_at(self, x: float, y: float, text: str, points: float = 9, *, is_right: bool = False) -> bytes:
        """The operators that write one line from that place, or (`is_right`) up to it; it can be found and copied."""
        shaped = _shaped(text)
        if is_right:
            x -= _width(shaped, points)
        shown = []
        for font, placed in shaped:
            self._used[font].update(glyph for glyph, *_ in placed)
            shown.append(f"/F{FONTS.index(font)} {points:g} Tf [{_glyphs(font, placed, points)}] TJ")
        spoken = text.encode("utf-16-be").hex()
        line = f"BT {x:.2f} {y:.2f} Td {' '.join(shown)} ET"
        return f"/Span << /ActualText <feff{spoken}> >> BDC {line} EMC".encode()

    def objects(self, resources: int, first: int) -> Iterator[tuple[int, bytes]]:
        """The resources that pages refer to, and from the number `first` the objects of the fonts that were used."""
        used = {font: first + place * OBJECTS_PER_FONT for place, font in enumerate(self._used)}
        names = " ".join(f"/F{FONTS.index(font)} {number} 0 R" for font, number in used.items())
        yield resources, f"<< /Font << {names} >> >>".encode()
        for font, number in used.items():
            yield from font.objects(number, self._used[font])


def _glyphs(font: Font, placed: list[Placed], points: float) -> str:
    parts: list[str] = []
    for glyph, advance, right, up in placed:
        rest = advance - right - font.own_widths[glyph]
        shown = f"<{glyph:04x}>"
        if right or rest:
            shown = f"{-font.thousandths(right)} {shown} {-font.thousandths(rest)}"
        parts.append(f"] TJ {up * points / font.hb.face.upem:.2f} Ts [{shown}] TJ 0 Ts [" if up else shown)
    return " ".join(parts)
