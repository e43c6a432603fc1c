"""The collection that the page is about: in the address, and in the library as the last one chosen.

It is shown as soon as there is a second one, with the choice of all of them. A link opens the
collection that it names, Back the one before, and a page without one in its address that of this
session, else of the library.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal

import streamlit as st

from ranklens import samples
from ui.shared import navigation

if TYPE_CHECKING:
    from ranklens.library import Library

PAGES = ("Ask", "Library", "Compare", "Judge", "Measure")
VOTER = "voter"
WITH_SIDEBAR = frozenset({"Ask"})  # which shows the choice itself, above its conversations
NAME, _SHOWN = "collection", "collection_in_address"
_BOX, _NEW, _OFFERED = "collection_box", "collection_new", "collection_offered"


def current(library: Library) -> str:
    """Return the collection that is chosen, or `Collections.everything`."""
    names = offered(library)
    wanted = st.session_state.get(NAME)
    last = library.collections.last()
    return next((name for name in (wanted, last) if name in names), names[0])


def target(library: Library) -> str:
    """Return the collection that documents are added to: the default one if all are chosen."""
    chosen, kept = current(library), library.collections
    return kept.default if kept.is_all(chosen) else chosen


def for_documents(library: Library) -> str:
    """Return the collection that added documents go to: never that of the sample library.

    Its questions and judgements are about its own documents; others would change its figures.
    """
    chosen = target(library)
    is_sample = chosen == samples.name_of(samples.FOLDER)
    return library.collections.default if is_sample else chosen


def turn_to(library: Library, name: str) -> None:
    """Choose the collection that documents were added to, if the page does not show it."""
    shown_now = current(library)
    if shown_now != name and not library.collections.is_all(shown_now):
        choose(library, name)


def offered(library: Library) -> list[str]:
    """Return what can be chosen: the collections, and if there are several, all of them."""
    names, every = library.collections.names(), library.collections.everything
    several = names[1:] and (every in names or library.collections.is_all(every))
    return list(dict.fromkeys([*names, every])) if several else names


def shown(library: Library, name: str) -> str:
    """Return what a collection is called on the page."""
    return "All collections" if library.collections.is_all(name) else name


def choose(library: Library, name: str) -> None:
    """Choose a collection from the next run on, also for pages that are opened later."""
    st.session_state[_NEW] = True
    follow(library, name)


def follow(library: Library, name: str) -> None:
    """Choose the collection of a conversation that is opened."""
    st.session_state[NAME] = name
    library.collections.choose(name)


def selector(page: str, opened: Callable[[], Library | None]) -> None:
    """Show the choice on pages that are about one collection; nothing while there is only one."""
    st.session_state[_OFFERED] = False
    library = opened() if page in PAGES else None
    if library is None:
        return
    names = offered(library)
    _follow_address(names)
    chosen = current(library)
    st.session_state[NAME] = chosen
    if len(names) == 1:
        return
    st.session_state[_OFFERED] = True
    if st.query_params.get("view") == VOTER:  # who was invited to vote chooses nothing else
        return
    st.session_state[_BOX] = chosen
    if page in WITH_SIDEBAR:
        return
    with st.container(key="collection_beside", horizontal=True, horizontal_alignment="right"):
        _box(library, names, 260)


def in_sidebar(library: Library) -> None:
    """Show the choice in the sidebar, whose width the page must have set before."""
    if is_offered():
        with st.sidebar:
            _box(library, offered(library), "stretch")


def _box(library: Library, names: list[str], width: int | Literal["stretch"]) -> None:
    st.selectbox(
        "Collection",
        names,
        key=_BOX,
        format_func=partial(shown, library),
        label_visibility="collapsed",
        icon=":material/folder_special:",
        width=width,
        help="Questions, evaluations and conversations are asked within it.",
        on_change=_chosen,
        args=(library,),
    )


def is_offered() -> bool:
    """Return whether there is a choice on this page."""
    return bool(st.session_state.get(_OFFERED))


def in_address() -> dict[str, str]:
    """Return what the address is to name of the collection; nothing if there is no choice."""
    if not is_offered():
        return {}
    chosen = st.session_state[NAME]
    st.session_state[_SHOWN] = chosen
    return {NAME: chosen}


def note_in_address() -> None:
    """Let the address name the collection, if the page has not done that."""
    for name, value in in_address().items():
        if st.query_params.get(name) != value:
            st.query_params[name] = value


def rerun() -> None:
    """Run the page again from its top, with a collection that was chosen in the middle of it."""
    note_in_address()  # the next run starts with the address of now
    st.rerun()


def just_chosen() -> bool:
    """Return, once, whether somebody has chosen another collection."""
    return bool(st.session_state.pop(_NEW, False))


def _chosen(library: Library) -> None:
    choose(library, st.session_state[_BOX])


def _follow_address(names: list[str]) -> None:
    """Take over what the address names if somebody went to it."""
    named = st.query_params.get(NAME)
    if navigation.followed(NAME) and named and named != st.session_state.get(_SHOWN):
        st.session_state[_SHOWN] = named
        if named in names:
            st.session_state[NAME] = named
