"""A side of a blind vote as HTML: nothing in it tells which pipeline made it.

An answer's markers are the ranks of its passages, so they are numbered anew, in the order in which
they are cited. Passages unfold in place: their drawer would show every stage of the trace.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Answer, Chunk, Trace
from ui.shared.frame import escape
from ui.shared.naming import named, snippet
from ui.shared.prose import written


def passages(chunks: Sequence[Chunk]) -> str:
    """Return passages in their order, each folded under its name and first words."""
    items = "".join(
        f"<li><details><summary><span><b>{escape(named(chunk))}</b>"
        f'<span class="snippet">{escape(snippet(chunk))}</span></span></summary>'
        f'<div class="text">{escape(chunk.text)}</div></details></li>'
        for chunk in chunks
    )
    return f"<ol>{items}</ol>" if items else '<p class="rl-say">No passage.</p>'


def answer(trace: Trace, given: Answer) -> str:
    """Return an answer's text with its markers numbered anew."""
    return f'<div class="rl-answer">{written(renumbered(trace, given))}</div>'


def cited(trace: Trace) -> list[Chunk]:
    """Return the passages that a trace's answer cites, in the order in which it does."""
    held = {hit.chunk.id: hit.chunk for hit in trace.evidence}
    marks = sorted(trace.answer.citations, key=lambda c: c.start) if trace.answer else []
    return [held[key] for key in dict.fromkeys(c.chunk_id for c in marks) if key in held]


def renumbered(trace: Trace, given: Answer) -> str:
    """Return the answer's text, its markers counting the cited passages from 1."""
    numbers = {chunk.id: number for number, chunk in enumerate(cited(trace), 1)}
    text, at = "", 0
    for mark in sorted(given.citations, key=lambda c: c.start):
        if mark.start >= at:
            text += given.text[at : mark.start] + f"[{numbers.get(mark.chunk_id, '–')}]"
            at = mark.end
    return text + given.text[at:]
