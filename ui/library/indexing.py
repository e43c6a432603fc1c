"""Progress of indexing, while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.text.plural import plural
from ui.shared import frame
from ui.shared.stages import left

if TYPE_CHECKING:
    from ranklens import IndexingProgress, Library

EVERY = 1.0


def show(library: Library) -> None:
    """Show the progress of the running work, once a second for as long as it runs."""
    st.fragment(_poll, run_every=EVERY if _busy(library) else None)(library)


def _busy(library: Library) -> bool:
    waiting = any(d.status in ("queued", "indexing") for d in library.documents())
    return library.progress().running or waiting


def _poll(library: Library) -> None:
    """Show a snapshot; the whole page runs again when a document is done or all of them are."""
    progress, busy = library.progress(), _busy(library)
    seen = (progress.documents_done, busy)
    if st.session_state.get("indexing_seen", seen) != seen:
        st.session_state["indexing_seen"] = seen
        st.rerun()
    st.session_state["indexing_seen"] = seen
    if progress.problem and not progress.running:
        headline = "Indexing waits" if progress.waits else "Indexing came to a halt"
        frame.notice(progress.problem, headline, "bad")
    if busy:
        with st.container(border=True):
            frame.working(
                line(progress),
                progress.chunks_done,
                progress.chunks_total,
                "stop",
                library.stop_work,
            )


def line(progress: IndexingProgress) -> str:
    """Return the state of the work in one line, as text."""
    if not progress.running:
        return "Waiting to be indexed"
    parts = [f"{progress.documents_done} of {plural(progress.documents_total, 'document')}"]
    if progress.chunks_done:
        parts.append(
            f"{progress.chunks_done:,} of about {plural(progress.chunks_total, 'passage')}"
        )
        parts.append(f"{progress.rate:.0f} a second")
    if progress.seconds_left is not None:
        parts.append(f"{left(progress.seconds_left)} left")
    if progress.current:
        parts.append(progress.current)
    if progress.pictures_total:
        pictures = plural(progress.pictures_total, "picture")
        parts.append(f"{progress.pictures_done} of {pictures} read (OCR)")
    return " · ".join(parts)
