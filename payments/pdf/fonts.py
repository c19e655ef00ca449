"""The fonts that PDFs embed, and which of them writes which letter."""

import hashlib
import re
import zlib
from collections.abc import Iterator
from functools import cached_property
from itertools import groupby
from pathlib import Path
from unicodedata import category

import uharfbuzz

_FOLDER = Path(__file__).resolve().parent.parent / "fonts"
_MARKS_AT_ONCE = 100
"""Lines of one block of a character map (Adobe Technical Note 5014)."""
_NOT_EMBEDDED = ("GSUB", "GPOS", "GDEF", "cmap", "name", "post", "OS/2", "DSIG")
"""Tables for shaping and for systems: the document names its glyphs by number."""
OBJECTS_PER_FONT = 5


class Font:
    """One font file, read when its first letter is written."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def hb(self) -> "uharfbuzz.Font":
        return uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(_FOLDER / f"{self.name}.ttf"))))

    @cached_property
    def letters(self) -> frozenset[int]:
        """The code points that it has glyphs for."""
        return frozenset(self.hb.face.unicodes)

    @cached_property
    def own_widths(self) -> list[int]:
        return [self.hb.get_glyph_h_advance(glyph) for glyph in range(self.hb.face.glyph_count)]

    def thousandths(self, units: float) -> int:
        return round(units * 1000 / self.hb.face.upem)

    def objects(self, first: int, glyphs: set[int]) -> Iterator[tuple[int, bytes]]:
        """The objects of the font with those glyphs, the first of which pages refer to (ISO 32000-1, 9.7.4)."""
        data = self._subset(glyphs)
        packed, used = zlib.compress(data), sorted(glyphs)
        # A subset's name begins with six letters of its own.
        tag = "".join(chr(65 + byte % 26) for byte in hashlib.sha256(data).digest()[:6])
        name = f"{tag}+{self.name}".encode()
        character_map = self._character_map(glyphs)
        widths = " ".join(f"{glyph} [{self.thousandths(self.own_widths[glyph])}]" for glyph in used)
        extents = self.hb.get_font_extents("ltr")
        top, bottom = self.thousandths(extents.ascender), self.thousandths(extents.descender)
        yield (
            first,
            b"<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H"
            b" /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>" % (name, first + 1, first + 4),
        )
        yield (
            first + 1,
            b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDToGIDMap /Identity"
            b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R"
            b" /W [%s] >>" % (name, first + 2, widths.encode()),
        )
        yield (
            first + 2,
            b"<< /Type /FontDescriptor /FontName /%s /Flags 4 /ItalicAngle 0 /StemV 80 /CapHeight 700"
            b" /Ascent %d /Descent %d /FontBBox [-500 %d 1500 %d] /FontFile2 %d 0 R >>"
            % (name, top, bottom, bottom, top, first + 3),
        )
        yield (
            first + 3,
            b"<< /Length %d /Length1 %d /Filter /FlateDecode >>\nstream\n%s\nendstream"
            % (len(packed), len(data), packed),
        )
        yield first + 4, b"<< /Length %d >>\nstream\n%s\nendstream" % (len(character_map), character_map)

    def _subset(self, glyphs: set[int]) -> bytes:
        wanted = uharfbuzz.SubsetInput()
        wanted.flags = uharfbuzz.SubsetFlags.RETAIN_GIDS | uharfbuzz.SubsetFlags.NOTDEF_OUTLINE
        wanted.glyph_set.update(glyphs)
        wanted.drop_table_tag_set.update(int.from_bytes(tag.encode()) for tag in _NOT_EMBEDDED)
        return bytes(wanted.subset(self.hb.face).blob.data)

    def _character_map(self, glyphs: set[int]) -> bytes:
        """Which letter a glyph stands for, for readers that do not know ActualText."""
        letters: dict[int, int] = {}
        for letter in sorted(self.letters):
            glyph = self.hb.get_nominal_glyph(letter) or 0
            if glyph in glyphs:
                letters.setdefault(glyph, letter)
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


LATIN, MORE_LATIN = Font("Lohit-Devanagari"), Font("NotoSans")
_OF_SCRIPT = {
    "\u0900-\u097f\u1cd0-\u1cff\ua8e0-\ua8ff": LATIN,
    "\u0980-\u09ff": Font("NotoSansBengali"),
    "\u0a00-\u0a7f": Font("NotoSansGurmukhi"),
    "\u0a80-\u0aff": Font("NotoSansGujarati"),
    "\u0b00-\u0b7f": Font("NotoSansOriya"),
    "\u0b80-\u0bff": Font("NotoSansTamil"),
    "\u0c00-\u0c7f": Font("NotoSansTelugu"),
    "\u0c80-\u0cff": Font("NotoSansKannada"),
    "\u0d00-\u0d7f": Font("NotoSansMalayalam"),
    "\u0600-\u06ff\u0750-\u077f": Font("NotoSansArabic"),
}
"""By a script's letters. Those between right-to-left words belong to them, so that the words stand in their order."""
FONTS = (LATIN, MORE_LATIN, *(font for font in _OF_SCRIPT.values() if font is not LATIN))
_ALL = "".join(_OF_SCRIPT)
_RUNS = re.compile(
    "|".join(
        [f"([{letters}](?:[{letters}\u200c\u200d ]*[{letters}\u200c\u200d])?)" for letters in _OF_SCRIPT]
        + [f"([^{_ALL}]+)"]
    )
)


def runs_of(text: str) -> Iterator[tuple[Font, str]]:
    """The text in stretches of one script and one font, as HarfBuzz takes it. What no font has is a box."""
    fonts = [*_OF_SCRIPT.values(), None]
    for found in _RUNS.finditer(text):
        font = fonts[(found.lastindex or 1) - 1]
        if font is not None:
            yield font, found[0]
            continue
        for one, letters in groupby(_with_fonts(found[0]), key=lambda pair: pair[0]):
            yield one, "".join(letter for _, letter in letters)


def _with_fonts(text: str) -> Iterator[tuple[Font, str]]:
    font = LATIN
    for letter in text:
        # A mark stays with the letter that it stands on.
        if not (category(letter).startswith("M") and ord(letter) in font.letters):
            has_it = (one for one in (LATIN, MORE_LATIN) if ord(letter) in one.letters)
            font = next(has_it, LATIN)
        yield font, letter
