"""One passage in its document: where it is, its rank at each stage, and the viewer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from rag.journey import fate, journey
from rag.types import Chunk, Trace
from ranklens import inspecting
from ui.shared import frame, grades, source, source_text
from ui.shared.html import show as show_html
from ui.shared.passages import reveal

if TYPE_CHECKING:
    from ranklens.library import Library

WIDTH = 780
Follow = Callable[[str], None]
_dialog = partial(st.dialog, "Passage", width=WIDTH, position="right", icon=":material/article:")


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
    _dialog(on_dismiss=on_close or "ignore")(_drawer)(library, trace, chunk_id, follow)


def open_shared(trace: Trace, chunk_id: str) -> None:
    """Show a passage of a trace that somebody shared, its quoted sentences marked.

    Its document stays closed: who follows a link may not have the right to see it.
    """
    _dialog()(_shared)(trace, chunk_id)


def _shared(trace: Trace, chunk_id: str) -> None:
    frame.dress_dialog()
    hits = (*trace.given, *(hit for stage in trace.stages for hit in stage.hits))
    if chunk := next((hit.chunk for hit in hits if hit.chunk.id == chunk_id), None):
        _head(trace, chunk)
        st.html(source_text.alone(chunk, _quotes(trace, chunk)))


def _drawer(library: Library, trace: Trace, chunk_id: str, follow: Follow | None) -> None:
    frame.dress_dialog()
    found = journey(trace, chunk_id)
    # What no stage found is shown too: for those it matters most where they went.
    chunk = found.chunk if found else inspecting.passage(library, chunk_id)
    if chunk is None:
        frame.notice("This passage is not part of the question that is shown.")
        return
    _head(trace, chunk)
    if follow is not None:
        follow(chunk_id)
    grades.control(library, trace.question, chunk)
    source.show(library, chunk, _quotes(trace, chunk))
    reveal(f"reveal_{chunk_id}")


def _head(trace: Trace, chunk: Chunk) -> None:
    """Show where a passage is, its place at every stage, and what became of it."""
    found = journey(trace, chunk.id)
    standings = found.standings if found else ()
    show_html("shared/drawer.html", chunk=chunk, standings=standings, fate=fate(trace, chunk.id))


def _quotes(trace: Trace, chunk: Chunk) -> tuple[tuple[int, int], ...]:
    """Return what the answer quotes of a passage; all of it if it cites it without a quote."""
    cited = [
        one for one in (trace.answer.citations if trace.answer else ()) if one.chunk_id == chunk.id
    ]
    quotes = tuple(
        (one.quote_start, one.quote_end)
        for one in cited
        if one.quote_start is not None and one.quote_end is not None
    )
    return quotes or (((0, len(chunk.text)),) if cited else ())
