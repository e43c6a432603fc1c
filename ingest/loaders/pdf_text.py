"""Runs of text on a PDF page with the place of every word, from PDFium's characters."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

from pypdfium2 import PdfPage, raw

from ingest.loaders.boxed_text import BoxedText, joined
from ingest.loaders.pdf_letters import PageReader, WordPiece

SOFT_HYPHEN = "\u00ad"
WORD_GAP = 0.1  # white space between words, in font heights

Edges = tuple[float, float]


@dataclass(frozen=True, slots=True)
class TextRun:
    """Text on one baseline, in the text's own direction: ``x0`` to ``x1`` at height ``y``.

    Lengths are in points. ``size`` is the height of the font; ``turn`` counts quarter turns.
    ``blank``: whether white space is drawn at the left and at the right end.
    """

    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    content: BoxedText
    turn: int = 0
    blank: tuple[bool, bool] = (False, False)

    @property
    def text(self) -> str:
        """The words."""
        return self.content.text


def page_runs(page: PdfPage) -> list[TextRun]:
    """Return the page's runs of words that stand side by side in one font."""
    text_page = page.get_textpage()
    try:
        reader = PageReader(page, text_page.raw)
        pieces = reader.pieces(text_page.count_chars())
    finally:
        text_page.close()
    groups: list[list[WordPiece]] = []
    for piece in pieces if page.get_rotation() else _whole(page, pieces):
        if groups and _continues(groups[-1][-1], piece):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return [run for group in groups for run in _run(group, reader)]


def _continues(last: WordPiece, piece: WordPiece) -> bool:
    before, style = last.style, piece.style
    alike = before.turn == style.turn and before.font.bold == style.font.bold
    level = abs(last.y - piece.y) < 0.1 * style.size and abs(before.size - style.size) < 0.3
    return alike and level and -0.3 * style.size < _gap(last, piece) < 0.8 * style.size


def _gap(last: WordPiece, piece: WordPiece) -> float:
    return max(piece.x0 - last.x1, last.x0 - piece.x1)  # either way: Hebrew, Arabic


def _run(group: list[WordPiece], reader: PageReader) -> list[TextRun]:
    """Return the pieces as a run, none if they are white space."""
    words: list[list[WordPiece]] = [[]]
    for piece in group:
        blank = piece.text.isspace()
        if blank or (words[-1] and _begins_word(words[-1][-1], piece)):
            words.append([])
        if not blank:
            words[-1].append(piece)
    content = joined((_word(word, reader) for word in words if word), " ")
    if not content.text:
        return []
    style = group[0].style
    x0, x1 = min(piece.x0 for piece in group), max(piece.x1 for piece in group)
    first, last = sorted((group[0], group[-1]), key=lambda piece: piece.x0)
    ends = (first.text.isspace(), last.text.isspace())
    return [TextRun(x0, x1, group[0].y, style.size, style.font.bold, content, style.turn, ends)]


def _begins_word(last: WordPiece, piece: WordPiece) -> bool:
    if last.drawn == piece.drawn:
        return piece.parted
    return piece.text[0] not in ")%," and _gap(last, piece) > WORD_GAP * piece.style.size


def _word(pieces: list[WordPiece], reader: PageReader) -> BoxedText:
    text = "".join(piece.text for piece in pieces)
    if SOFT_HYPHEN in text:  # it counts at the end, where a line may be cut
        text = text[:-1].replace(SOFT_HYPHEN, "") + text[-1]
    return BoxedText(text, ((0, len(text), reader.box([piece.extent for piece in pieces])),))


def _whole(page: PdfPage, pieces: list[WordPiece]) -> list[WordPiece]:
    """Return the pieces with letters that PDFium leaves out as drawn twice though they are not.

    It takes the second of two equal letters that overlap (``ff`` in italics) for a shadow.
    """
    known = {piece.drawn: index for index, piece in enumerate(pieces)}
    left_out: dict[int, WordPiece] = {}
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


def _beside(piece: WordPiece, edges: Edges, again: Edges) -> WordPiece | None:
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
