"""Runs of text on a PDF page with the place of every word, from PDFium's characters."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from pypdfium2 import PdfPage, raw

from ingest.loaders.base import SHARES, Box
from ingest.loaders.boxed_text import BoxedText, joined

LETTERS = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st",
           0xFB06: "st", 0x02: "-", 0xFFFE: "-"}  # fmt: skip
UNREAD = frozenset({0, 0x200B, 0xFEFF})
SOFT_HYPHEN = "\u00ad"
HEAVY = re.compile(r"bold|black|heavy|demi|cmbx|-bd")
WORD_GAP = 0.1  # white space between words, in font heights

Edges = tuple[float, float]
Extent = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class TextRun:
    """Text on one baseline, in the text's own direction: ``x0`` to ``x1`` at height ``y``.

    Lengths are in points. ``size`` is the height of the font; ``turn`` counts quarter turns.
    """

    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    content: BoxedText
    turn: int = 0

    @property
    def text(self) -> str:
        """The words."""
        return self.content.text


class _Style(NamedTuple):
    """How an object of the page draws its letters: ``wide`` is one font height along the line."""

    font: _Font
    size: float
    wide: float
    turn: int


class _Piece(NamedTuple):
    """Letters of one word that one object of the page draws, or one white space.

    ``drawn`` is the object's address; ``parted``: PDFium reads a space before it. ``extent`` is
    left, bottom, right, top in points, before the page is turned.
    """

    text: str
    x0: float
    x1: float
    y: float
    style: _Style
    extent: Extent
    drawn: int
    parted: bool


def page_runs(page: PdfPage) -> list[TextRun]:
    """Return the page's runs of words that stand side by side in one font."""
    frame = _Frame(page)
    runs: list[TextRun] = []
    group: list[_Piece] = []
    for piece in _whole(page, list(_pieces(page, frame))):
        if group and not _continues(group[-1], piece):
            runs += _run(group, frame)
            group = []
        group.append(piece)
    return [*runs, *_run(group, frame)]


def _continues(last: _Piece, piece: _Piece) -> bool:
    before, style = last.style, piece.style
    if before is not style:
        alike = before.turn == style.turn and before.font.bold == style.font.bold
        if not alike or abs(before.size - style.size) >= 0.3:
            return False
    level = abs(last.y - piece.y) < 0.1 * style.size
    return level and -0.3 * style.size < _gap(last, piece) < 0.8 * style.size


def _gap(last: _Piece, piece: _Piece) -> float:
    return max(piece.x0 - last.x1, last.x0 - piece.x1)  # either way: Hebrew, Arabic


def _run(group: list[_Piece], frame: _Frame) -> list[TextRun]:
    """Return the pieces as a run, none if they are white space."""
    words: list[list[_Piece]] = [[]]
    for piece in group:
        blank = piece.text.isspace()
        if blank or (words[-1] and _begins_word(words[-1][-1], piece)):
            words.append([])
        if not blank:
            words[-1].append(piece)
    content = joined((_word(word, frame) for word in words if word), " ")
    if not content.text:
        return []
    style = group[0].style
    x0, x1 = min(piece.x0 for piece in group), max(piece.x1 for piece in group)
    return [TextRun(x0, x1, group[0].y, style.size, style.font.bold, content, style.turn)]


def _begins_word(last: _Piece, piece: _Piece) -> bool:
    if last.drawn == piece.drawn:
        return piece.parted
    return piece.text[0] not in ")%," and _gap(last, piece) > WORD_GAP * piece.style.size


def _word(pieces: list[_Piece], frame: _Frame) -> BoxedText:
    text = "".join(piece.text for piece in pieces)
    if SOFT_HYPHEN in text:  # it counts at the end, where a line may be cut
        text = text[:-1].replace(SOFT_HYPHEN, "") + text[-1]
    return BoxedText(text, ((0, len(text), frame.box([x.extent for x in pieces])),))


class _Character(NamedTuple):
    """A character by its number on the text page; without an object, PDFium made it up."""

    address: int
    blank: bool
    number: int
    code: int
    drawn: Any


def _pieces(page: PdfPage, frame: _Frame) -> Iterator[_Piece]:
    """Yield what the page draws in PDFium's order; real spaces are among it."""
    text_page = page.get_textpage()
    handle, styles, parted = text_page.raw, _Styles(frame), False
    try:
        characters = (_character(handle, index) for index in range(text_page.count_chars()))
        for (address, _), group in groupby(characters, key=itemgetter(0, 1)):
            style = None
            if address:
                same = list(group)
                style = styles.of(handle, same[0])
            if style is not None:
                yield _piece(handle, same, style, frame, parted)
            parted = not address
    finally:
        text_page.close()


def _character(handle: Any, index: int) -> _Character:
    code = raw.FPDFText_GetUnicode(handle, index)
    drawn = raw.FPDFText_GetTextObject(handle, index)
    if not drawn:
        return _Character(0, True, index, code, None)
    return _Character(ctypes.addressof(drawn.contents), chr(code).isspace(), index, code, drawn)


def _piece(
    handle: Any, same: list[_Character], style: _Style, frame: _Frame, parted: bool
) -> _Piece:
    text = "".join(LETTERS.get(x.code) or chr(x.code) for x in same if x.code not in UNREAD)
    (a, y), extent = frame.measure(handle, same[0].number, style)
    (b, _), other = (a, y), extent
    if len(same) > 1:
        (b, _), other = frame.measure(handle, same[-1].number, style)
    right = max(a, b) + style.font.width(same[-1 if b >= a else 0].code) * style.wide
    around = (
        min(extent[0], other[0]),
        min(extent[1], other[1]),
        max(extent[2], other[2]),
        max(extent[3], other[3]),
    )
    return _Piece(text, min(a, b), right, y, style, around, same[0].address, parted)


def _whole(page: PdfPage, pieces: list[_Piece]) -> list[_Piece]:
    """Return the pieces with letters that PDFium leaves out as drawn twice though they are not.

    It takes the second of two equal letters that overlap (``ff`` in italics) for a shadow.
    """
    if page.get_rotation():
        return pieces
    known = {piece.drawn: index for index, piece in enumerate(pieces)}
    left_out: dict[int, _Piece] = {}
    before: Any = None
    for number in range(raw.FPDFPage_CountObjects(page)):
        drawn = raw.FPDFPage_GetObject(page, number)
        if raw.FPDFPageObj_GetType(drawn) != raw.FPDF_PAGEOBJ_TEXT:
            continue
        if ctypes.addressof(drawn.contents) in known:
            before = drawn
        elif before is not None:
            index = known[ctypes.addressof(before.contents)]
            if again := _beside(pieces[index], _edges(before), _edges(drawn)):
                left_out[index] = again
    return [x for i, piece in enumerate(pieces) for x in (piece, left_out.get(i)) if x]


def _beside(piece: _Piece, edges: Edges, again: Edges) -> _Piece | None:
    """Return a letter moved from ``edges`` to ``again``, None if that is a shadow or another."""
    shift = again[0] - edges[0]
    differs = len(piece.text) != 1 or abs((again[1] - again[0]) - (edges[1] - edges[0])) > 0.1
    if piece.style.turn or differs or not 0.15 < shift / piece.style.size < 1:
        return None
    left, bottom, right, top = piece.extent
    extent = (left + shift, bottom, right + shift, top)
    return piece._replace(x0=piece.x0 + shift, x1=piece.x1 + shift, extent=extent)


def _edges(drawn: Any) -> Edges:
    """Return the left and the right end of what an object draws, in points."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    raw.FPDFPageObj_GetBounds(drawn, left, bottom, right, top)
    return left.value, right.value


class _Font:
    """A font: whether it is bold, and how wide its characters are."""

    def __init__(self, font: Any) -> None:
        name = ctypes.create_string_buffer(128)
        raw.FPDFFont_GetBaseFontName(font, name, len(name))
        self.bold = HEAVY.search(name.value.decode("utf-8", "replace").lower()) is not None
        self._font = font
        self._widths: dict[int, float] = {}

    def width(self, code: int) -> float:
        """Return a character's width in font heights."""
        if code not in self._widths:
            width = ctypes.c_float()
            raw.FPDFFont_GetGlyphWidth(self._font, code, 1.0, width)
            self._widths[code] = width.value
        return self._widths[code]


class _Styles:
    """Styles of a page's objects."""

    def __init__(self, frame: _Frame) -> None:
        self._frame = frame
        self._fonts: dict[int, _Font] = {}
        self._matrix = raw.FS_MATRIX()
        self._last: tuple[int, _Style | None] = (0, None)

    def of(self, handle: Any, character: _Character) -> _Style | None:
        """Return the style of the object that draws a character, None if nothing can be seen."""
        if self._last[0] != character.address:
            self._last = character.address, self._read(handle, character)
        return self._last[1]

    def _read(self, handle: Any, character: _Character) -> _Style | None:
        matrix, font = self._matrix, raw.FPDFTextObj_GetFont(character.drawn)
        if not font or not raw.FPDFText_GetMatrix(handle, character.number, matrix):
            return None
        key = ctypes.addressof(font.contents)
        if key not in self._fonts:
            self._fonts[key] = _Font(font)
        height = raw.FPDFText_GetFontSize(handle, character.number)
        size = height * math.hypot(matrix.c, matrix.d)
        wide = height * math.hypot(matrix.a, matrix.b)
        quarters = round(math.atan2(matrix.b, matrix.a) / (math.pi / 2)) % 4
        turn = (quarters - self._frame.quarters) % 4
        return _Style(self._fonts[key], size, wide, turn) if size > 0.1 else None


class _Frame:
    """A page as it is shown, its /Rotate undone."""

    def __init__(self, page: PdfPage) -> None:
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self.quarters = page.get_rotation() // 90
        self._width, self._height = page.get_size()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._rect = raw.FS_RECTF()

    def measure(self, handle: Any, index: int, style: _Style) -> tuple[tuple[float, float], Extent]:
        """Return where a character starts along its baseline, the baseline, and its extent."""
        raw.FPDFText_GetCharOrigin(handle, index, self._x, self._y)
        x, y = self._upright(self._x.value, self._y.value)
        origin = ((x, y), (y, -x), (-x, -y), (-y, x))[style.turn]
        rect = self._rect
        raw.FPDFText_GetLooseCharBox(handle, index, rect)  # as high as the font
        return origin, (rect.left, rect.bottom, rect.right, rect.top)

    def box(self, extents: list[Extent]) -> Box:
        """Return the box around characters, as shares of the page that is shown."""
        lefts, bottoms, rights, tops = zip(*extents, strict=True)
        ax, ay = self._upright(min(lefts), min(bottoms))
        bx, by = self._upright(max(rights), max(tops))
        return (
            _share(min(ax, bx), self._width),
            _share(self._height - max(ay, by), self._height),
            _share(max(ax, bx), self._width),
            _share(self._height - min(ay, by), self._height),
        )

    def _upright(self, x: float, y: float) -> tuple[float, float]:
        if self.quarters == 0:
            return x - self._left, y - self._bottom
        if self.quarters == 1:
            return y - self._bottom, self._right - x
        if self.quarters == 2:
            return self._right - x, self._top - y
        return self._top - y, x - self._left


def _share(length: float, whole: float) -> int:
    return min(max(round(length / whole * SHARES), 0), SHARES)
