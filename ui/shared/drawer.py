"""One passage in its document: where it is, its rank at each stage, and the viewer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from rag.journey import fate, journey
from rag.types import Trace
from ranklens import inspecting
from ui.shared import frame, grades, source
from ui.shared.html import show as show_html
from ui.shared.passages import reveal

if TYPE_CHECKING:
    from ranklens.library import Library

WIDTH = 780
Follow = Callable[[str], None]


def open_passage(
    library: Library,
    trace: Trace,
    chunk_id: str,
    follow: Follow | None = None,
    on_close: Callable[[], None] | None = None,
) -> None:
    """Show the passage of that id in a drawer, its quoted sentences marked in its document.

    ``follow`` shows the way to where the passage of an id is followed through the stages. The page
    runs again after ``on_close``.
    """
    source.reset()
    dialog = st.dialog(
        "Passage",
        width=WIDTH,
        position="right",
        icon=":material/article:",
        on_dismiss=on_close or "ignore",
    )
    dialog(_drawer)(library, trace, chunk_id, follow)


def _drawer(library: Library, trace: Trace, chunk_id: str, follow: Follow | None) -> None:
    frame.dress_dialog()
    found = journey(trace, chunk_id)
    # What no stage found is shown too: for those it matters most where they went.
    chunk = found.chunk if found else inspecting.passage(library, chunk_id)
    if chunk is None:
        frame.notice("This passage is not part of the question that is shown.")
        return
    standings = found.standings if found else ()
    end = fate(trace, chunk_id)
    show_html("shared/drawer.html", chunk=chunk, standings=standings, fate=end)
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
    source.show(library, chunk, quotes or whole)
    reveal(f"reveal_{chunk_id}")
