"""Letters of a PDF page with their places, from PDFium, parted by the spaces that it misses too."""

from __future__ import annotations

import ctypes
import math
import re
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, NamedTuple

from pypdfium2 import PdfPage, raw

from ingest.loaders.base import SHARES, Box
from rag.text.words import is_unspaced

LETTERS = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st",
           0xFB06: "st", 0x02: "-", 0xFFFE: "-"}  # fmt: skip
UNREAD = frozenset({0, 0x200B, 0xFEFF})
HEAVY = re.compile(r"bold|black|heavy|demi|cmbx|-bd")
# White space between letters that one object draws, beyond what is usual between them, in font
# heights: PDFium misses some spaces that groff and Ghostscript write as a movement only. Kerning
# stays below.
MISSED_GAP = 0.22

Extent = tuple[float, float, float, float]


class LetterStyle(NamedTuple):
    """How an object of the page draws its letters: ``wide`` is one font height along the line."""

    font: PdfFont
    size: float
    wide: float
    turn: int


class Character(NamedTuple):
    """A character: ``place`` is its number on the page, ``code`` its Unicode value.

    ``drawn`` is the address of what draws it, 0 if PDFium made it up.
    """

    drawn: int
    blank: bool
    place: int
    code: int


class WordPiece(NamedTuple):
    """Letters of one word that one object of the page draws, or one white space.

    ``drawn`` is the object's address; ``parted``: PDFium reads a space before it. ``extent`` is
    left, bottom, right, top in points, before the page is turned.
    """

    text: str
    x0: float
    x1: float
    y: float
    style: LetterStyle
    extent: Extent
    drawn: int
    parted: bool


class PdfFont:
    """A font: whether it is bold, and how wide its characters are in font heights."""

    def __init__(self, font: Any) -> None:
        name = ctypes.create_string_buffer(128)
        raw.FPDFFont_GetBaseFontName(font, name, len(name))
        self.bold = HEAVY.search(name.value.decode("utf-8", "replace").lower()) is not None
        self._font = font
        self._widths: dict[int, float] = {}

    def width(self, code: int) -> float:
        """Return how far a character moves the next one; 0.0 if the font does not say."""
        if code not in self._widths:
            width = ctypes.c_float()
            raw.FPDFFont_GetGlyphWidth(self._font, code, 1.0, width)
            self._widths[code] = width.value
        return self._widths[code]


class PageReader:
    """Reads a page's characters and their places, the page's /Rotate undone."""

    def __init__(self, page: PdfPage, text_page: Any) -> None:
        self._text_page = text_page
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self._quarters = page.get_rotation() // 90
        self._width, self._height = page.get_size()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._rect, self._matrix = raw.FS_RECTF(), raw.FS_MATRIX()
        self._fonts: dict[int, PdfFont] = {}

    def pieces(self, count: int) -> list[WordPiece]:
        """Return what the page draws in PDFium's order; real spaces are among it."""
        pieces: list[WordPiece] = []
        style: LetterStyle | None = None
        drawing, parted = 0, False
        for (address, _), group in groupby(map(self._character, range(count)), itemgetter(0, 1)):
            same = list(group)
            if address and address != drawing:
                drawing, style = address, self._style(same[0].place)
            if address and style:
                for word in self._words(same, style):
                    pieces.append(self._piece(word, style, parted))
                    parted = True
            parted = not address
        return [piece for piece in pieces if piece.text]

    def _character(self, index: int) -> Character:
        code = raw.FPDFText_GetUnicode(self._text_page, index)
        drawn = raw.FPDFText_GetTextObject(self._text_page, index)
        address = ctypes.addressof(drawn.contents) if drawn else 0
        return Character(address, chr(code).isspace() or not drawn, index, code)

    def _style(self, index: int) -> LetterStyle | None:
        """Return the style of what draws a character, None if nothing can be seen."""
        matrix, drawn = self._matrix, raw.FPDFText_GetTextObject(self._text_page, index)
        font = raw.FPDFTextObj_GetFont(drawn)
        if not font or not raw.FPDFText_GetMatrix(self._text_page, index, matrix):
            return None
        key = ctypes.addressof(font.contents)
        if key not in self._fonts:
            self._fonts[key] = PdfFont(font)
        height = raw.FPDFText_GetFontSize(self._text_page, index)
        size = height * math.hypot(matrix.c, matrix.d)
        wide = height * math.hypot(matrix.a, matrix.b)
        turn = round(math.atan2(matrix.b, matrix.a) / (math.pi / 2)) - self._quarters
        return LetterStyle(self._fonts[key], size, wide, turn % 4) if size > 0.1 else None

    def _words(self, same: list[Character], style: LetterStyle) -> list[list[Character]]:
        """Cut letters of one object at gaps in which PDFium reads no space."""
        if same[0].blank or len(same) < 2 or style.turn:
            return [same]
        wide = MISSED_GAP * style.size
        widths = [style.font.width(one.code) * style.wide for one in same[:-1]]
        first, last = (self._origin(one.place)[0] for one in (same[0], same[-1]))
        text = "".join(chr(one.code) for one in same)
        if last - first - sum(widths) < wide or is_unspaced(text):
            return [same]
        starts = [self._origin(one.place)[0] for one in same]
        gaps = [b - a - width for (a, b), width in zip(pairwise(starts), widths, strict=True)]
        usual = max(min(gaps), 0.0) if len(gaps) > 1 else 0.0  # of letters that are spaced out
        cuts = [
            i
            for i, gap in enumerate(gaps)
            if gap - usual > wide and self._apart(same[i : i + 2]) - usual > wide
        ]
        return [same[a:b] for a, b in pairwise([0, *(i + 1 for i in cuts), len(same)])]

    def _apart(self, two: list[Character]) -> float:
        """Return the white between two letters as drawn: the widths that a font names may lie."""
        sides = [ctypes.c_double() for _ in range(4)]
        edges = []
        for one in two:
            raw.FPDFText_GetCharBox(self._text_page, one.place, *sides)
            edges.append((sides[0].value, sides[1].value))
        return edges[1][0] - edges[0][1]

    def _piece(self, same: list[Character], style: LetterStyle, parted: bool) -> WordPiece:
        text = "".join([LETTERS.get(x.code) or chr(x.code) for x in same if x.code not in UNREAD])
        a, y, extent = self._measured(same[0].place, style.turn)
        b, other = a, extent
        if len(same) > 1:
            b, _, other = self._measured(same[-1].place, style.turn)
        last = same[-1 if b >= a else 0]
        # A space that PDFium made up starts at the next word and has no width of its own.
        made_up = same[0].blank and raw.FPDFText_IsGenerated(self._text_page, last.place) == 1
        right = max(a, b) + (0.0 if made_up else style.font.width(last.code) * style.wide)
        lefts, bottoms, rights, tops = zip(extent, other, strict=True)
        around = (min(lefts), min(bottoms), max(rights), max(tops))
        return WordPiece(text, min(a, b), right, y, style, around, same[0].drawn, parted)

    def _measured(self, index: int, turn: int) -> tuple[float, float, Extent]:
        """Return where a character starts along its baseline, the baseline, and its extent."""
        x, y = self._origin(index)
        x, y = ((x, y), (y, -x), (-x, -y), (-y, x))[turn]
        rect = self._rect
        raw.FPDFText_GetLooseCharBox(self._text_page, index, rect)  # as high as the font
        return x, y, (rect.left, rect.bottom, rect.right, rect.top)

    def _origin(self, index: int) -> tuple[float, float]:
        raw.FPDFText_GetCharOrigin(self._text_page, index, self._x, self._y)
        return self._upright(self._x.value, self._y.value)

    def box(self, extents: list[Extent]) -> Box:
        """Return the box around characters, as shares of the page that is shown."""
        left, bottom, right, top = extents[0]
        for extent in extents[1:]:
            left, bottom = min(left, extent[0]), min(bottom, extent[1])
            right, top = max(right, extent[2]), max(top, extent[3])
        ax, ay = self._upright(left, bottom)
        bx, by = self._upright(right, top)
        if ax > bx:
            ax, bx = bx, ax
        if ay > by:
            ay, by = by, ay
        wide, high = SHARES / self._width, SHARES / self._height
        return (
            max(round(ax * wide), 0),
            max(SHARES - round(by * high), 0),
            min(round(bx * wide), SHARES),
            min(SHARES - round(ay * high), SHARES),
        )

    def _upright(self, x: float, y: float) -> tuple[float, float]:
        if not self._quarters:
            return x - self._left, y - self._bottom
        turned = (y - self._bottom, self._right - x, self._top - y, x - self._left)
        first = self._quarters - 1
        return turned[first], turned[first + 1]
