"""The question box, with questions to start from if the library holds their documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag.text.plural import plural
from ranklens import choices
from ranklens.asking import PendingQuestion
from ranklens.choices import Document
from ui.ask import address, controls
from ui.shared import collections, frame, samples, state, writer
from ui.shared.html import component

if TYPE_CHECKING:
    from ranklens.library import Library

MOST = 5
MOST_NAMES = 2000  # that an @ completes
_REFUSED = "files_refused"


def start(library: Library) -> None:
    """Show the page without a conversation: what it is for, the box, questions to begin with."""
    chosen = collections.current(library)
    ready = choices.ready(library, chosen)
    frame.title(
        "Ask your documents", "Answers with their sources, and every ranking that led to them."
    )
    if not ready:
        _nothing(library)
        return
    with st.container(key="first_question"):
        box(library, "What would you like to know?", 0)
    passages = sum(document.chunks for document in ready)
    with st.container(key="beginning"):
        controls.documents(library)
        within = f" in {collections.shown(library, chosen)}" if collections.is_offered() else ""
        words = f"{plural(len(ready), 'document')}, {plural(passages, 'passage')} ready{within}"
        frame.say(words)
        _suggestions(ready)


def box(library: Library, placeholder: str, turns: int) -> None:
    """Show the box, with what writes the answers; what is sent waits as `PendingQuestion`.

    Files that are dropped on it are added to the library, by who may do that. It takes the focus
    when the page opens and when the number of ``turns`` changes, and completes the names of
    documents after an @.
    """
    adds = not library.given.has_accounts or state.may(
        library, "add", collections.for_documents(library)
    )
    st.chat_input(
        placeholder,
        key="question",
        max_chars=library.settings.max_question_characters,
        accept_file="multiple" if adds else False,
        max_upload_size=library.settings.max_file_mb,
        on_submit=_sent,
    )
    for outcome in st.session_state.pop(_REFUSED, ()):
        frame.notice(outcome.reason, f"{outcome.name} was not added", "bad")
    writer.chooser(library)
    names = [document.name for document in choices.ready(library, collections.current(library))][
        :MOST_NAMES
    ]
    component("ranklens_ask", "ask/ask.js")(
        key="ask_keys", data={"names": names, "turns": turns}, height=1
    )


def _sent() -> None:
    """Take what was sent: files first, then the question, which waits until they are indexed."""
    sent = st.session_state["question"]
    text, files = (sent, ()) if isinstance(sent, str) else (sent.text, sent.files)
    library = state.library()
    within = collections.for_documents(library)
    outcomes = [library.enqueue_upload(file.name, file, collection=within) for file in files]
    st.session_state[_REFUSED] = [one for one in outcomes if one.status == "failed"]
    added = tuple(one.name for one in outcomes if one.status != "failed")
    if added:
        collections.turn_to(library, within)
        st.toast(f"Added: {', '.join(added)}. The Library page shows how far it is.")
    for one in outcomes:
        if one.status == "unchanged" and one.reason:
            st.toast(frame.plain(f"{one.name}: {one.reason}."))
    _ask(text or "", added)


def _ask(text: str, after: tuple[str, ...] = ()) -> None:
    if not text.strip():
        return
    # While a question is searched the next one waits.
    name = "next" if st.session_state.get(address.SEARCHING) else "pending"
    st.session_state[name] = PendingQuestion(text.strip(), after=after)


def _suggestions(ready: Sequence[Document]) -> None:
    found = choices.suggested(ready, MOST)
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
            "Choose another one, or put documents into it on the Library page.",
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
    if choices.ready(library, collection):
        st.rerun()
