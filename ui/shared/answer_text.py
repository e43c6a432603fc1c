"""A complete or growing answer as HTML: its text with citations, and the passages behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from rag.types import Answer, Hit, Trace
from ranklens.viewing import Marker
from ui.shared.html import render
from ui.shared.prose import ChipPlace, Placed, TextStyle, written


def rendered(answer: Answer, hits: Sequence[Hit]) -> Markup:
    """Return an answer's text as HTML: chips for its citations, marks on sentences to check.

    Of quotes, the best one stands first and the others under a label.
    """
    chips = [
        ChipPlace(c.start, c.end, c.number, hits[c.number - 1].chunk)
        for c in answer.citations
        if c.number <= len(hits)
    ]
    marks = [
        TextStyle(c.start, c.end, c.verdict, f"{c.why} ({c.by})" if c.by else c.why)
        for c in answer.checks
    ]
    best = _best_quote(answer)
    if not answer.text[best:].strip():
        return written(answer.text, chips, marks)
    first, others = (
        written(text, _within(chips, at, text), _within(marks, at, text))
        for at, text in ((0, answer.text[:best]), (best, answer.text[best:]))
    )
    return render("shared/quotes.html", first=first, others=others)


def _best_quote(answer: Answer) -> int:
    """Return where the first quote ends, with its markers; the text's length if a model wrote."""
    end = len(answer.text)
    if answer.generator == "extractive" and answer.citations:
        places = sorted(answer.citations, key=lambda citation: citation.start)
        end = places[0].end
        for citation in places[1:]:
            if answer.text[end : citation.start].strip():
                break
            end = citation.end
    return end


def _within(placed: Sequence[Placed], start: int, text: str) -> list[Placed]:
    """Return those that begin in the part ``text`` at ``start``, with places in that part."""
    return [
        replace(one, start=one.start - start, end=one.end - start)
        for one in placed
        if start <= one.start < start + len(text)
    ]


def sources(trace: Trace, answer: Answer, mark: Marker) -> Markup:
    """Return the passages that an answer was given as HTML; of neighbours those that it cites."""
    cited = {citation.chunk_id for citation in answer.citations}
    given = [
        (number, hit.chunk, hit.chunk.id in cited)
        for number, hit in enumerate(trace.given, 1)
        if number <= len(trace.evidence) or hit.chunk.id in cited
    ]
    return render("shared/sources.html", refused=answer.refused, sources=given, mark=mark)
