"""Collections on the Library page: made, renamed and removed, and which ones a document is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.text.plural import plural
from ui.shared import collections, frame, state

if TYPE_CHECKING:
    from ranklens import Document, Library

LONGEST = 80
_PROBLEM = "collection_problem"


def manager(library: Library) -> None:
    """Offer what can be done with the collection that is chosen, and to make another one."""
    if st.button("Collections…", icon=":material/folder_special:", key="manage_collections"):
        _manage(library)
    if problem := st.session_state.pop(_PROBLEM, ""):
        frame.notice(problem, "The collection was not changed", "bad")


@st.dialog("Collections", icon=":material/folder_special:")
def _manage(library: Library) -> None:
    frame.dress_dialog()
    chosen = collections.current(library)
    count = len(library.collections.members(chosen))
    name = collections.shown(library, chosen)
    frame.say(f"{name}: {plural(count, 'document')}. Questions are asked within it.")
    if library.collections.is_all(chosen):
        frame.say("Choose one of them on the page to rename it, remove it or fill it.")
    else:
        _filler(library, chosen)
        _changer(library, chosen)
    if state.may(library, "make collections"):
        _maker(library)


def _changer(library: Library, chosen: str) -> None:
    if chosen != library.collections.default and state.may(library, "collect", chosen):
        _renamer(library, chosen)
        _remover(library, chosen)


def membership(library: Library, document: Document) -> None:
    """Show which collections a document is in, to be changed in place; nothing if there is one."""
    names = library.collections.names()
    if len(names) == 1:
        return
    key = f"collections_of_{document.name}"
    own = library.collections.of_documents().get(document.name, ())
    st.session_state[key] = list(own)
    st.pills(
        "Collections", names, selection_mode="multi", key=key, format_func=frame.plain,
        on_change=_put, args=(library, document.name, key),
    )  # fmt: skip


def _put(library: Library, document: str, key: str) -> None:
    before = set(library.collections.of_documents().get(document, ()))
    wanted = set(st.session_state[key])

    def change() -> None:
        for name in wanted - before:
            library.collections.put(name, [document])
        for name in before - wanted:
            library.collections.take(name, [document])

    _tried(change)


def _maker(library: Library) -> None:
    with st.form("make_collection", border=False, clear_on_submit=True):
        name = st.text_input("New collection", max_chars=LONGEST, placeholder="Its name")
        if st.form_submit_button("Make it", icon=":material/create_new_folder:") and name.strip():
            _tried(lambda: collections.choose(library, library.collections.make(name)))
            collections.rerun()


def _renamer(library: Library, chosen: str) -> None:
    with st.form("rename_collection", border=False):
        new = st.text_input("Its name", chosen, max_chars=LONGEST)
        if st.form_submit_button("Rename", icon=":material/edit:") and new.strip():
            _tried(lambda: collections.choose(library, library.collections.rename(chosen, new)))
            collections.rerun()


def _remover(library: Library, chosen: str) -> None:
    def remove() -> None:
        library.collections.remove(chosen)
        collections.choose(library, library.collections.default)

    if st.button(
        "Remove the collection", key="remove_collection", icon=":material/folder_delete:",
        help="Its documents stay in the library; those of no other collection go to the default.",
    ):  # fmt: skip
        _tried(remove)
        collections.rerun()


def _filler(library: Library, chosen: str) -> None:
    """Offer the documents of other collections."""
    members = library.collections.members(chosen)
    others = [one.name for one in library.documents() if one.name not in members]
    if not others:
        return
    with st.form("fill_collection", border=False, clear_on_submit=True):
        names = st.multiselect("Documents of other collections", others)
        if st.form_submit_button("Put them in", icon=":material/playlist_add:") and names:
            _tried(lambda: library.collections.put(chosen, names))
            collections.rerun()


def _tried(change: Callable[[], object]) -> None:
    try:
        change()
    except RanklensError as error:
        st.session_state[_PROBLEM] = str(error)
