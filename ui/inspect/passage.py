"""Which passage is followed: one of the question's, one found by its words, or in its document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag.journey import journeys
from rag.text.typed import LONGEST_NOTE
from rag.types import Chunk, Trace
from ranklens import choices, inspecting
from ui.shared import frame
from ui.shared.naming import named, snippet

if TYPE_CHECKING:
    from ranklens.library import Library

OF_QUESTION, BY_WORDS, IN_DOCUMENT = "Of this question", "By its words", "In a document"
_WAY, _DOCUMENT = "inspect_way", "inspect_document"


def chooser(library: Library, trace: Trace) -> Chunk | None:
    """Offer every passage of the library in three ways."""
    st.session_state.setdefault(_WAY, OF_QUESTION)
    way = st.segmented_control("Find a passage", (OF_QUESTION, BY_WORDS, IN_DOCUMENT),
                               key=_WAY, required=True,
                               persist_state="session")  # fmt: skip
    found = _found(library, trace, str(way))
    return _select(found, f"inspect_passage_{way}") if found else None


def is_first(trace: Trace, chunk: Chunk) -> bool:
    """Whether this is the passage that is followed if nobody chose one."""
    first = next(iter(journeys(trace)), None)
    return first is not None and first.chunk.id == chunk.id


def _found(library: Library, trace: Trace, way: str) -> list[Chunk]:
    """Return the passages to choose from, and a notice if there are none."""
    if way == OF_QUESTION:
        found = [journey.chunk for journey in journeys(trace)]
        if not found:
            frame.notice("This question found no passage; find one by its words.")
        return found
    if way == IN_DOCUMENT:
        names = [document.name for document in choices.ready(library)]
        if not names:
            return []
        if st.session_state.get(_DOCUMENT) not in names:
            st.session_state[_DOCUMENT] = names[0]
        name = st.selectbox("Document", names, key=_DOCUMENT, persist_state="session")
        return library.chunks(name)
    words = st.text_input("Its words", key="inspect_words", persist_state="session",
                          max_chars=LONGEST_NOTE,
                          placeholder="Some words of the passage, or all of it")  # fmt: skip
    found = inspecting.passages_with(library, words)
    if words.strip() and not found:
        frame.notice("No passage of the library has one of these words.")
    return found


def _select(found: Sequence[Chunk], key: str) -> Chunk | None:
    by_id = {chunk.id: chunk for chunk in found}
    if st.session_state.get(key) not in by_id:
        st.session_state[key] = found[0].id
    chosen = st.selectbox("Passage", list(by_id), key=key, persist_state="session",
                          format_func=lambda one: _label(by_id[one]))  # fmt: skip
    return by_id[chosen]


def choose(library: Library, trace: Trace, chunk_id: str) -> None:
    """Choose a passage: among the question's, else in its document; "" is the first one."""
    if not chunk_id:
        st.session_state[_WAY] = OF_QUESTION
        st.session_state.pop(f"inspect_passage_{OF_QUESTION}", None)
    elif any(hit.chunk.id == chunk_id for stage in trace.stages for hit in stage.hits):
        st.session_state[_WAY] = OF_QUESTION
        st.session_state[f"inspect_passage_{OF_QUESTION}"] = chunk_id
    elif chunk := inspecting.passage(library, chunk_id):
        st.session_state[_WAY] = IN_DOCUMENT
        st.session_state[_DOCUMENT] = chunk.document
        st.session_state[f"inspect_passage_{IN_DOCUMENT}"] = chunk_id
    else:
        frame.notice("The passage of this link is not in the library any more.", tone="warn")


def _label(chunk: Chunk) -> str:
    return f"{named(chunk)} — {snippet(chunk, 110)}"
