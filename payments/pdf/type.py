"""Text as PDF shows it: glyphs of the one font that a document embeds, shaped by HarfBuzz.

Lohit Devanagari has the Latin letters of Europe's west, the rupee sign, and Devanagari. What it lacks is a box.
"""

import re
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import uharfbuzz

_PATH = Path(__file__).resolve().parent.parent / "fonts" / "Lohit-Devanagari.ttf"
_RUNS = re.compile("[\u0900-\u097f\ua8e0-\ua8ff\u200c\u200d]+|[^\u0900-\u097f\ua8e0-\ua8ff\u200c\u200d]+")
"""Stretches of Devanagari, with its joiners, and of anything else."""
_MARKS_AT_ONCE = 100
"""Lines of one block of a character map (Adobe Technical Note 5014)."""


@cache
def _font() -> "uharfbuzz.Font":
    return uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(_PATH))))


@cache
def _own_widths() -> list[int]:
    font = _font()
    return [font.get_glyph_h_advance(glyph) for glyph in range(font.face.glyph_count)]


def _thousandths(units: float) -> int:
    return round(units * 1000 / _font().face.upem)


def _shaped(text: str) -> tuple[list[int], list[tuple[int, int, int]]]:
    """Glyphs, and of each its advance and offsets, in the font's units. HarfBuzz takes one script at a time."""
    glyphs: list[int] = []
    places: list[tuple[int, int, int]] = []
    for run in _RUNS.findall(text):
        buffer = uharfbuzz.Buffer()
        buffer.add_str(run)
        buffer.guess_segment_properties()
        uharfbuzz.shape(_font(), buffer)
        glyphs += [info.codepoint for info in buffer.glyph_infos]
        places += [(place.x_advance, place.x_offset, place.y_offset) for place in buffer.glyph_positions]
    return glyphs, places


def width_of(text: str, points: float) -> float:
    """How wide the text stands, in points."""
    return sum(advance for advance, _, _ in _shaped(text)[1]) * points / _font().face.upem


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


def text_at(x: float, y: float, text: str, points: float = 9, *, is_right: bool = False) -> bytes:
    """The operators that write one line from that place, or (`is_right`) up to it; it can be found and copied."""
    glyphs, places = _shaped(text)
    upem = _font().face.upem
    if is_right:
        x -= sum(advance for advance, _, _ in places) * points / upem
    parts: list[str] = []
    for glyph, (advance, right, up) in zip(glyphs, places, strict=True):
        rest = advance - right - _own_widths()[glyph]
        shown = f"{-_thousandths(right)} <{glyph:04x}> {-_thousandths(rest)}" if right or rest else f"<{glyph:04x}>"
        parts.append(f"] TJ {up * points / upem:.2f} Ts [{shown}] TJ 0 Ts [" if up else shown)
    spoken = text.encode("utf-16-be").hex()
    shown = f"BT /F1 {points:g} Tf {x:.2f} {y:.2f} Td [{' '.join(parts)}] TJ ET"
    return f"/Span << /ActualText <feff{spoken}> >> BDC {shown} EMC".encode()


def font_objects(first: int) -> Iterator[tuple[int, bytes]]:
    """The objects of the font, the first of which pages refer to (ISO 32000-1, 9.7.4)."""
    font = _font()
    data = _PATH.read_bytes()
    packed = zlib.compress(data)
    character_map = _character_map()
    extents = font.get_font_extents("ltr")
    widths = " ".join(str(_thousandths(width)) for width in _own_widths())
    yield (
        first,
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Lohit-Devanagari /Encoding /Identity-H"
        b" /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>" % (first + 1, first + 4),
    )
    yield (
        first + 1,
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Lohit-Devanagari /CIDToGIDMap /Identity"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R"
        b" /W [0 [%s]] >>" % (first + 2, widths.encode()),
    )
    yield (
        first + 2,
        b"<< /Type /FontDescriptor /FontName /Lohit-Devanagari /Flags 4 /ItalicAngle 0 /StemV 80 /CapHeight 700"
        b" /Ascent %d /Descent %d /FontBBox [-500 %d 1500 %d] /FontFile2 %d 0 R >>"
        % (
            _thousandths(extents.ascender),
            _thousandths(extents.descender),
            _thousandths(extents.descender),
            _thousandths(extents.ascender),
            first + 3,
        ),
    )
    yield (
        first + 3,
        b"<< /Length %d /Length1 %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), len(data), packed),
    )
    yield first + 4, b"<< /Length %d >>\nstream\n%s\nendstream" % (len(character_map), character_map)


def _character_map() -> bytes:
    """Which letter a glyph stands for, for readers that do not know ActualText."""
    font = _font()
    letters: dict[int, int] = {}
    for letter in font.face.unicodes:
        letters.setdefault(font.get_nominal_glyph(letter) or 0, letter)
    lines = [
        f"<{glyph:04x}> <{chr(letter).encode('utf-16-be').hex()}>"
        for glyph, letter in sorted(letters.items())
        if glyph
    ]
    blocks = [lines[start : start + _MARKS_AT_ONCE] for start in range(0, len(lines), _MARKS_AT_ONCE)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Chowk def /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <ffff> endcodespacerange\n{body}\nendcmap end end"
    ).encode()
