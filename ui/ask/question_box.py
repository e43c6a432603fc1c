"""The question box, with questions to start from if the library holds their documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag.text.plural import plural
from ranklens import asking
from ranklens.asking import Document, PendingQuestion
from ui.ask import controls
from ui.shared import collections, frame, samples

if TYPE_CHECKING:
    from ranklens.library import Library

MOST = 5


def start(library: Library) -> None:
    """Show the page without a conversation: what it is for, the box, questions to begin with."""
    ready = asking.ready(library, collections.current(library))
    frame.title(
        "Ask your documents", "Answers with their sources, and every ranking that led to them."
    )
    if not ready:
        _nothing(library)
        return
    with st.container(key="first_question"):
        box("What would you like to know?", library.settings.max_question_characters)
    passages = sum(document.chunks for document in ready)
    with st.container(key="beginning"):
        controls.documents(library)
        frame.say(f"{plural(len(ready), 'document')}, {plural(passages, 'passage')} ready")
        _suggestions(ready)


def box(placeholder: str, longest: int) -> None:
    """Show the box; what is sent waits as `PendingQuestion` before the page runs.

    ``longest`` is what it takes, in characters.
    """
    st.chat_input(placeholder, key="question", max_chars=longest, on_submit=_ask)


def _ask(text: str = "") -> None:
    text = (text or st.session_state["question"] or "").strip()
    if text:
        st.session_state["pending"] = PendingQuestion(text)


def _suggestions(ready: Sequence[Document]) -> None:
    found = asking.suggested(ready, MOST)
    if not found:
        return
    frame.label("Questions to start with", "p")
    with st.container(gap=None):
        for number, text in enumerate(found):
            st.button(
                frame.plain(text),
                key=f"suggested_{number}",
                icon=":material/arrow_outward:",
                type="tertiary",
                on_click=_ask,
                args=(text,),
            )


def _nothing(library: Library) -> None:
    collection = collections.current(library)
    if any(one.status in ("queued", "indexing") for one in library.documents(collection)):
        frame.empty(
            "Your documents are being indexed",
            "You can ask as soon as the first one is ready; the Library page shows how far it is.",
        )
        _until_ready(library, collection)
    elif library.documents():
        frame.empty(
            "This collection is empty",
            "Choose another one, or put documents into it on the page Library.",
        )
    else:
        frame.empty(
            "The library is empty",
            "Add a few documents first: PDF, Word, Excel, HTML, Markdown, e-mail and more.",
        )
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.page_link("ui/library/page.py", label="Open the library", icon=":material/folder_open:")
        samples.offer(library)


@st.fragment(run_every=2.0)
def _until_ready(library: Library, collection: str) -> None:
    """Show the whole page again as soon as there is something to ask."""
    if asking.ready(library, collection):
        st.rerun()
