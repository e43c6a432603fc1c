"""Progress of indexing: how far it is, stopping and resuming it, and what can be asked already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.text.plural import plural
from ui.shared import frame, state
from ui.shared.collections import current
from ui.shared.stages import left

if TYPE_CHECKING:
    from ranklens import IndexingProgress, Library

EVERY = 1.0


def show(library: Library) -> None:
    """Show the progress of the running work, once a second for as long as it runs."""
    every = EVERY if _waiting(library) or library.progress().running else None
    st.fragment(_poll, run_every=every)(library)


def _waiting(library: Library) -> int:
    return sum(document.status in ("queued", "indexing") for document in library.documents())


def _poll(library: Library) -> None:
    """Show a snapshot; the whole page runs again when a document is done or all of them are."""
    progress, waiting = library.progress(), _waiting(library)
    busy = progress.running or (waiting > 0 and not progress.stopped)
    now = (progress.documents_done, busy, progress.stopped)
    seen = st.session_state.setdefault("indexing_seen", now)
    if busy:
        st.session_state["indexing_watched"] = True
    if seen != now:
        st.session_state["indexing_seen"] = now
        st.rerun()
    if progress.problem and not progress.running:
        headline = "Indexing waits" if progress.waits else "Indexing stopped"
        frame.notice(progress.problem, headline, "bad")
    if busy:
        _running(library, progress)
    elif waiting and progress.stopped:
        _stopped(library, waiting)
    if st.session_state.get("indexing_watched"):
        _ask_now(library, busy)


def _running(library: Library, progress: IndexingProgress) -> None:
    with st.container(border=True):
        done, total = progress.chunks_done, progress.chunks_total
        if progress.pictures_total and not progress.chunks_done:
            done, total = progress.pictures_done, progress.pictures_total
        if not state.may(library, "add"):
            frame.say(line(progress))
            return
        frame.working(line(progress), done, total, "stop", library.stop_work)


def _stopped(library: Library, waiting: int) -> None:
    waits = plural(waiting, "document waits", "documents wait")
    with (
        st.container(border=True),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        frame.say(f"Indexing is stopped; {waits}. What is indexed can be asked.")
        if not state.may(library, "add"):
            return
        st.button(
            "Resume", icon=":material/play_circle:", key="resume", on_click=library.resume_work
        )


def _ask_now(library: Library, busy: bool) -> None:
    """Offer to ask what is ready, while the rest is indexed and when all of it is."""
    # Those of the collection that a click on the button opens.
    held = library.documents(current(library))
    ready = sum(document.status == "ready" for document in held)
    if not ready:
        return
    words = f"{plural(ready, 'document is', 'documents are')} ready"
    with st.container(horizontal=True, vertical_alignment="center"):
        frame.say(f"{words}; the others follow." if busy else f"{words}.", width="content")
        if st.button("Ask now", icon=":material/search:", key="ask_now"):
            st.switch_page("ui/ask/page.py")


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
        parts.append(f"about {left(progress.seconds_left)} left")
    if progress.current:
        parts.append(progress.current)
    if progress.pictures_total:
        pictures = plural(progress.pictures_total, "picture")
        parts.append(f"{progress.pictures_done} of {pictures} read (OCR)")
    return " · ".join(parts)
