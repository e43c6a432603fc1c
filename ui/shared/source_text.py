"""A document's text around a passage: headings, paragraphs and tables, passage and quotes marked.

Document text is written letter by letter through `escape`: nothing in it can become markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from ui.shared.frame import escape
from ui.shared.source_table import table

if TYPE_CHECKING:
    from ingest.parse import BlockSpan, Parsed

Place = tuple[int, int]
AROUND = 1200
ROWS_AROUND = 4


@dataclass(frozen=True, slots=True)
class Marking:
    """What is marked: the passage, and quotes in it, as places of the document's text."""

    passage: Place
    quotes: tuple[Place, ...] = ()

    def show(self, text: str, start: int, end: int) -> str:
        """Return ``text[start:end]`` as HTML, with what of it is marked."""
        return "".join(
            f"<mark>{escape(text[a:b])}</mark>"
            if kind == "quote"
            else f'<span class="{kind}">{escape(text[a:b])}</span>'
            for a, b, kind in self.pieces(start, end)
        )

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """Cut ``start:end`` where marks begin and end; each piece is quote, passage or around."""
        edges = {start, end}
        for place in (self.passage, *self.quotes):
            edges |= {edge for edge in place if start < edge < end}
        for a, b in pairwise(sorted(edges)):
            quoted = any(first <= a and b <= last for first, last in self.quotes)
            yield a, b, "quote" if quoted else "passage" if self.inside(a, b) else "around"

    def inside(self, start: int, end: int) -> bool:
        """Tell whether a place shares a letter with the passage."""
        return start < self.passage[1] and self.passage[0] < end


def around(parsed: Parsed, marking: Marking) -> str:
    """Return the blocks near the passage as HTML; long ones are cut between words."""
    start, end = marking.passage
    low, high = max(0, start - AROUND), min(len(parsed.text), end + AROUND)
    near = [span for span in parsed.spans if span.start < high and low < span.end]
    ends = ("… " if low else "", " …" if high < len(parsed.text) else "")
    return _written(parsed, _few_rows(near, marking), marking, (low, high), ends)


def page(parsed: Parsed, number: int, marking: Marking) -> str:
    """Return the blocks of one page (slide, sheet) as HTML; of a long sheet, the rows near."""
    blocks = [span for span in parsed.spans if span.page == number]
    if not blocks:
        return '<p class="rl-muted">There is no text on this page.</p>'
    whole = (blocks[0].start, blocks[-1].end)
    return _written(parsed, _few_rows(blocks, marking), marking, whole, ("", ""))


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


def _written(
    parsed: Parsed,
    spans: Sequence[BlockSpan],
    marking: Marking,
    window: Place,
    ends: tuple[str, str],
) -> str:
    body = "".join(_blocks(parsed.text, spans, marking, window))
    before, after = (f'<p class="around">{sign.strip()}</p>' if sign else "" for sign in ends)
    return f'<div class="rl-context rl-blocks" tabindex="0">{before}{body}{after}</div>'


def _blocks(
    text: str, spans: Sequence[BlockSpan], marking: Marking, window: Place
) -> Iterator[str]:
    def show(start: int, end: int) -> str:
        return marking.show(text, start, end)

    for is_row, group in groupby(spans, key=lambda span: span.kind == "row"):
        if is_row:
            yield table(text, [(span.start, span.end) for span in group], show, marking.inside)
            continue
        for span in group:
            start, end = _whole_words(text, span, window)
            words = show(start, end)
            if span.kind == "heading":
                yield f'<p class="heading level-{min(max(span.level, 1), 6)}">{words}</p>'
            elif span.kind == "code":
                yield f"<pre>{words}</pre>"
            else:
                yield f"<p>{words}</p>"


def _whole_words(text: str, span: BlockSpan, window: Place) -> Place:
    """Cut a block to the window, between words."""
    start, end = max(span.start, window[0]), min(span.end, window[1])
    if start > span.start and (space := text.find(" ", start, start + 60)) >= 0:
        start = space + 1
    if end < span.end and (space := text.rfind(" ", max(start, end - 60), end)) >= 0:
        end = space
    return start, end
