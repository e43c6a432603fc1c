"""One document of the library: what can be done with it, and its passages."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import LibraryError, RanklensError
from rag.text.plural import plural
from rag.types import Chunk
from ranklens.adding import needs_password
from ranklens.sources import MOST_TAGS
from ui.library import collections, uploads
from ui.shared import frame, passwords, state
from ui.shared.html import macro

if TYPE_CHECKING:
    from ranklens import Document, Library

A_PAGE = 8
TEMPLATE = "library/library.html"


def show(library: Library, document: Document) -> None:
    """Show the selected document."""
    frame.question(document.name)
    if document.status == "failed":
        frame.notice(document.reason, "This document could not be indexed", "bad")
        if needs_password(document):
            unlock(library, document)
    if document.warnings:
        st.html(macro("unread", TEMPLATE)(document.warnings.splitlines()))
    if document.ocr:
        frame.say(f"{document.ocr}.")
    if document.parent:
        frame.say(f"It was attached to {document.parent}.")
    changes = state.may_change(library, document.name)
    if changes:
        _tags(library, document.name)
        collections.membership(library, document)
    with st.container(horizontal=True, vertical_alignment="center"):
        if document.status == "ready" and st.button("Ask this document", icon=":material/search:"):
            st.switch_page("ui/ask/page.py", query_params={"within": document.name})
        again = changes and document.status == "ready"
        if again and st.button("Re-index", icon=":material/refresh:"):
            library.reindex([document.name])
            st.rerun()
        if changes and st.button("Remove", icon=":material/delete:"):
            _confirm(library, document.name)
    if document.status == "ready":
        _passages(library.chunks(document.name), document.digest)


def _tags(library: Library, name: str) -> None:
    """Show a document's tags, to be changed in place."""
    tags = library.tags.all()
    known = sorted({tag for own in tags.values() for tag in own})
    key = f"tags_of_{name}"
    st.session_state[key] = list(tags.get(name, ()))
    st.multiselect(
        "Tags",
        known,
        key=key,
        accept_new_options=True,
        max_selections=MOST_TAGS,
        placeholder="Add a tag",
        on_change=_put_tags,
        args=(library, name, key),
    )


def _put_tags(library: Library, name: str, key: str) -> None:
    library.tags.put(name, st.session_state[key])


@st.dialog("Remove this document?")
def _confirm(library: Library, name: str) -> None:
    frame.dress_dialog()
    attached = library.attached(name)
    also = f" So do {plural(len(attached), 'document')} attached to it." if attached else ""
    text = f"Its passages leave the index too.{also} The file it came from is not touched."
    frame.notice(text, name)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it"):
            st.rerun()
        if st.button("Remove", type="primary", key="confirm_remove", on_click=_remove,
                     args=(library, name)):  # fmt: skip
            st.rerun()


def _remove(library: Library, name: str) -> None:
    with suppress(LibraryError):  # another session may have removed it meanwhile
        library.remove(name)


def unlock(library: Library, document: Document) -> None:
    """Ask for the password and queue the file again with it; it is not kept beyond the session."""
    password = passwords.ask(f"unlock_{document.digest}", "Unlock")
    if not password:
        return
    passwords.remember(document.name, password)
    try:
        with library.file(document.name).open("rb") as data:
            uploads.add(library, document.name, data, password)
    except (RanklensError, OSError) as error:
        frame.notice(str(error), "The file cannot be read; drop it into the box again.", "bad")
        return
    st.rerun()


def _passages(chunks: Sequence[Chunk], digest: str) -> None:
    pages = max(1, -(-len(chunks) // A_PAGE))
    frame.label(plural(len(chunks), "passage"), "p")
    number = st.pagination(pages, key=f"passages_{digest}") if pages > 1 else 1
    first = (number - 1) * A_PAGE
    st.html(macro("passages", TEMPLATE)(chunks[first : first + A_PAGE], first + 1))
