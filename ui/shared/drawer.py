"""One passage in its document: where it stands, how it fared at each stage, and the viewer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from rag.journey import Journey, fate, journey
from rag.types import Chunk, Trace
from ranklens import inspecting
from ui.shared import frame, grades, source
from ui.shared.frame import escape
from ui.shared.naming import where
from ui.shared.passages import reveal
from ui.shared.stages import number, title

if TYPE_CHECKING:
    from ranklens.library import Library

WIDTH = 780
Follow = Callable[[str], None]


def open_passage(
    library: Library, trace: Trace, chunk_id: str, follow: Follow | None = None
) -> None:
    """Show the passage of that id in a drawer, its quoted sentences marked in its document.

    ``follow`` shows the way to where the passage of an id is followed through the stages.
    """
    source.reset()
    _drawer(library, trace, chunk_id, follow)


@st.dialog("Passage", width=WIDTH, position="right", icon=":material/article:")
def _drawer(library: Library, trace: Trace, chunk_id: str, follow: Follow | None) -> None:
    frame.dress_dialog()
    found = journey(trace, chunk_id)
    # What no stage found is shown too: where it went is asked most of all there.
    chunk = found.chunk if found else inspecting.passage(library, chunk_id)
    if chunk is None:
        frame.notice("This passage is not part of the question that is shown.")
        return
    end = f'<p class="rl-label rl-fate">{escape(fate(trace, chunk_id))}</p>'
    st.html(_where(chunk) + (_steps(found) if found else "") + end)
    if follow is not None:
        follow(chunk_id)
    grades.control(library, trace.question, chunk)
    citations = trace.answer.citations if trace.answer else ()
    quotes = tuple(
        (c.quote_start, c.quote_end)
        for c in citations
        if c.chunk_id == chunk_id and c.quote_start is not None and c.quote_end is not None
    )
    cited = any(c.chunk_id == chunk_id for c in citations)
    whole = ((0, len(chunk.text)),) if cited else ()
    source.show(library, source.Passage(chunk, quotes or whole))
    reveal(f"reveal_{chunk_id}")


def _where(chunk: Chunk) -> str:
    return (
        f'<div class="rl-where"><b>{escape(chunk.document)}</b>'
        f'<span class="rl-muted">{escape(where(chunk))}</span></div>'
    )


def _steps(found: Journey) -> str:
    cells = "".join(
        f'<div><span class="rl-muted">{escape(title(s.stage))}</span><b class="rl-num">'
        + (f"#{s.rank}" if s.rank else "—")
        + f'</b><span class="rl-muted rl-num">{number(s.stage, s.score)}</span></div>'
        for s in found.standings
    )
    return f'<div class="rl-steps">{cells}</div>'
