"""One passage in its document: where it stands, how it fared at each stage, the text around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.journey import Journey, fate, journey
from rag.types import Chunk, Trace
from ui.components import frame
from ui.components.frame import escape
from ui.components.passages import reveal, where
from ui.components.stages import number, title

if TYPE_CHECKING:
    from ingest.library import Library

AROUND = 900
WIDTH = 680


@st.dialog("Passage", width=WIDTH, position="right", icon=":material/article:")
def open_passage(library: Library, trace: Trace, chunk_id: str) -> None:
    """Show the passage of that id in a drawer, its quoted sentences marked."""
    frame.dress_dialog()
    found = journey(trace, chunk_id)
    if found is None:
        frame.notice("This passage is not part of the question that is shown.")
        return
    chunk = found.chunk
    st.html(_where(chunk) + _steps(trace, found))
    citations = trace.answer.citations if trace.answer else ()
    quotes = [
        (c.quote_start, c.quote_end)
        for c in citations
        if c.chunk_id == chunk_id and c.quote_start is not None and c.quote_end is not None
    ]
    cited = any(c.chunk_id == chunk_id for c in citations)
    before, after = _around(library, chunk)
    whole = [(0, len(chunk.text))] if cited else []
    st.html(
        f'<div class="rl-context" tabindex="0"><span class="around">{escape(before)}</span>'
        f'<span class="passage">{marked(chunk.text, quotes or whole)}</span>'
        f'<span class="around">{escape(after)}</span></div>'
    )
    reveal(f"reveal_{chunk_id}")


def marked(text: str, quotes: Iterable[tuple[int, int]]) -> str:
    """Return ``text`` as HTML with the characters of ``quotes`` marked; overlaps are joined."""
    parts, at = [], 0
    for start, end in sorted(quotes):
        start, end = max(start, at), min(end, len(text))
        if start < end:
            parts += [escape(text[at:start]), f"<mark>{escape(text[start:end])}</mark>"]
            at = end
    return "".join(parts) + escape(text[at:])


def _around(library: Library, chunk: Chunk) -> tuple[str, str]:
    """Return the text before and after, up to a word; empty where the document has changed."""
    try:
        text = library.text(chunk.document)
    except RanklensError:
        return "", ""
    if text[chunk.start : chunk.end] != chunk.text:
        return "", ""
    before = text[max(0, chunk.start - AROUND) : chunk.start]
    after = text[chunk.end : chunk.end + AROUND]
    if chunk.start > AROUND:
        before = "… " + before.partition(" ")[2]
    if chunk.end + AROUND < len(text):
        after = after.rpartition(" ")[0] + " …"
    return before, after


def _where(chunk: Chunk) -> str:
    return (
        f'<div class="rl-where"><b>{escape(chunk.document)}</b>'
        f'<span class="rl-muted">{escape(where(chunk))}</span></div>'
    )


def _steps(trace: Trace, found: Journey) -> str:
    cells = "".join(
        f'<div><span class="rl-muted">{escape(title(s.stage))}</span><b class="rl-num">'
        + (f"#{s.rank}" if s.rank else "—")
        + f'</b><span class="rl-muted rl-num">{number(s.stage, s.score)}</span></div>'
        for s in found.standings
    )
    end = escape(fate(trace, found.chunk.id))
    return f'<div class="rl-steps">{cells}</div><p class="rl-label rl-fate">{end}</p>'
