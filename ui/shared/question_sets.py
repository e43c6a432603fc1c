"""The choice of a question set, as Judge and Measure offer it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.text.plural import plural
from ui.shared import collections

if TYPE_CHECKING:
    from ranklens.library import Library

_SET, _NEXT = "question_set", "next_set"


def chooser(library: Library) -> str | None:
    """Offer the question sets of the collection that is chosen; None if there is none yet."""
    within = "" if _shows_all(library) else collections.current(library)
    sizes = library.question_sets.sizes(within)
    if not sizes:
        return None
    wanted = st.session_state.pop(_NEXT, st.session_state.get(_SET))
    st.session_state[_SET] = wanted if wanted in sizes else next(iter(sizes))
    return st.selectbox(
        "Question set",
        list(sizes),
        key=_SET,
        persist_state="session",
        format_func=lambda name: f"{name} · {plural(sizes[name], 'question')}",
    )


def choose(name: str) -> None:
    """Choose a set from the next run on."""
    st.session_state[_NEXT] = name


def follow(library: Library, name: str) -> None:
    """Choose the set that a link names, and its collection if the page shows another one."""
    choose(name)
    own = library.question_sets.collection_of(name) or library.collections.default
    if collections.current(library) != own and not _shows_all(library):
        collections.follow(library, own)
        collections.rerun()


def _shows_all(library: Library) -> bool:
    return library.collections.is_all(collections.current(library))
