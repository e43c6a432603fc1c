"""A document's text around a passage: headings, paragraphs and tables, passage and quotes marked.

What is marked are ranges of the document's text. The template escapes every piece of it: nothing in
a document can become markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

from markupsafe import Markup

from rag.types import Chunk
from ranklens.viewing import BlockSpan, Parsed
from ui.shared.html import render
from ui.shared.source_table import columns

TextRange = tuple[int, int]
AROUND = 1200
ROWS_AROUND = 4


@dataclass(frozen=True, slots=True)
class Marking:
    """What is marked: the passage, and quotes in it, as ranges of the document's text."""

    passage: TextRange
    quotes: tuple[TextRange, ...] = ()

    @classmethod
    def of(cls, chunk: Chunk, quotes: Sequence[TextRange]) -> Self:
        """Return the marking of a passage and of ranges of its own text."""
        start = chunk.start
        return cls((start, chunk.end), tuple((start + a, start + b) for a, b in quotes))

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """Cut ``start:end`` where marks begin and end; each piece is quote, passage or around."""
        edges = {start, end}
        for place in (self.passage, *self.quotes):
            edges |= {edge for edge in place if start < edge < end}
        for a, b in pairwise(sorted(edges)):
            quoted = any(first <= a and b <= last for first, last in self.quotes)
            yield a, b, "quote" if quoted else "passage" if self.inside(a, b) else "around"

    def inside(self, start: int, end: int) -> bool:
        """Return whether a range shares a letter with the passage."""
        return start < self.passage[1] and self.passage[0] < end


def alone(chunk: Chunk, quotes: Sequence[TextRange]) -> Markup:
    """Return a passage without its document as HTML."""
    whole = Marking((0, len(chunk.text)), tuple(quotes))
    return _rendered(chunk.text, whole, [{"kind": "text", "range": whole.passage}])


def around(parsed: Parsed, marking: Marking) -> Markup:
    """Return the blocks near the passage as HTML; long ones are cut between words."""
    start, end = marking.passage
    low, high = max(0, start - AROUND), min(len(parsed.text), end + AROUND)
    near = [span for span in parsed.spans if span.start < high and low < span.end]
    blocks = list(_blocks(parsed.text, _few_rows(near, marking), marking, (low, high)))
    more = {"kind": "more"}
    before, after = [more] if low else [], [more] if high < len(parsed.text) else []
    return _rendered(parsed.text, marking, [*before, *blocks, *after])


def page(parsed: Parsed, number: int, marking: Marking, frame: str = "") -> Markup:
    """Return the blocks of one page (slide, sheet) as HTML; of a long sheet, the rows near.

    ``frame`` is the class of a box around them.
    """
    spans = [span for span in parsed.spans if span.page == number]
    whole = (spans[0].start, spans[-1].end) if spans else (0, 0)
    blocks = _blocks(parsed.text, _few_rows(spans, marking), marking, whole)
    return _rendered(parsed.text, marking, list(blocks), frame)


def _rendered(
    text: str, marking: Marking, blocks: Sequence[dict[str, Any]], frame: str = ""
) -> Markup:
    return render(
        "shared/source_text.html", text=text, pieces=marking.pieces, blocks=blocks, frame=frame
    )


def _few_rows(spans: Sequence[BlockSpan], marking: Marking) -> list[BlockSpan]:
    """Leave out rows that are far from the passage; without a passage here, all but the first."""
    rows = [i for i, span in enumerate(spans) if span.kind == "row"]
    inside = [i for i in rows if marking.inside(spans[i].start, spans[i].end)]
    first, last = (inside[0], inside[-1]) if inside else (0, 40)
    if not inside and any(marking.inside(span.start, span.end) for span in spans):
        return list(spans)
    return [
        span
        for i, span in enumerate(spans)
        if span.kind != "row" or first - ROWS_AROUND <= i <= last + ROWS_AROUND
    ]


def _blocks(
    text: str, spans: Sequence[BlockSpan], marking: Marking, window: TextRange
) -> Iterator[dict[str, Any]]:
    """Yield what the template writes: a block with its range, or a table of rows."""
    for group in _tables(spans):
        if group[0].kind == "row":
            ranges = [(span.start, span.end) for span in group]
            names, cells = columns(text, ranges)
            inside = [marking.inside(*place) for place in ranges]
            yield {"kind": "rows", "names": names, "rows": list(zip(inside, cells, strict=True))}
        else:
            (span,) = group
            level = min(max(span.level, 1), 6)
            yield {"kind": span.kind, "level": level, "range": _whole_words(text, span, window)}


def _tables(spans: Iterable[BlockSpan]) -> Iterator[list[BlockSpan]]:
    """Yield the rows of each table, between which no line is blank, and other blocks alone."""
    group: list[BlockSpan] = []
    for span in spans:
        goes_on = group and span.kind == group[-1].kind == "row" and span.start - group[-1].end < 2
        if group and not goes_on:
            yield group
            group = []
        group.append(span)
    if group:
        yield group


def _whole_words(text: str, span: BlockSpan, window: TextRange) -> TextRange:
    """Cut a block to the window, between words."""
    start, end = max(span.start, window[0]), min(span.end, window[1])
    if start > span.start and (space := text.find(" ", start, start + 60)) >= 0:
        start = space + 1
    if end < span.end and (space := text.rfind(" ", max(start, end - 60), end)) >= 0:
        end = space
    return start, end
