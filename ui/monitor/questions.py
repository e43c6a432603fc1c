"""The logged questions: searched, filtered, and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from rag.text.plural import plural
from rag.text.typed import LONGEST_NOTE
from ranklens import monitoring
from ranklens.monitoring import OUTCOMES
from ui.monitor import charts
from ui.shared import collections, frame
from ui.shared.html import macro

if TYPE_CHECKING:
    from ranklens.library import Library

SHOWN = 200
_WORDS, _OUTCOMES = "monitor_words", "monitor_outcomes"


def show(library: Library, window: float | None, end: float, within: str | None) -> None:
    """Show the questions of a window and a collection, and what they are filtered by."""
    left, right = st.columns(2, vertical_alignment="bottom")
    words = left.text_input("Search", key=_WORDS, persist_state="session", max_chars=LONGEST_NOTE,
                            placeholder="Words of the question")  # fmt: skip
    outcomes = right.multiselect("Only", list(OUTCOMES), key=_OUTCOMES, persist_state="session",
                                 placeholder="Thumbs, fallbacks, refusals, failures",
                                 format_func=str.capitalize)  # fmt: skip
    found = monitoring.questions(library, window, end, words, outcomes, within)
    with st.container(horizontal=True, vertical_alignment="center"):
        more = f"; the newest {SHOWN} are shown" if len(found) > SHOWN else ""
        frame.say(f"{plural(len(found), 'question')}{more}")
        st.download_button(
            "CSV", lambda: monitoring.questions_as_csv(library, found), "questions.csv", "text/csv",
            icon=":material/download:", on_click="ignore", disabled=not found,
            key="questions_csv", help="What was found, all of it",
        )  # fmt: skip
    if not found:
        frame.empty("No question was found", "Choose a longer window, or leave out a word.")
        return
    rows = [(entry, charts.day_and_time(entry.asked)) for entry in found[:SHOWN]]
    st.html(macro("questions", "monitor/monitor.html")(rows, _names(library)))


def _names(library: Library) -> dict[int, str]:
    """Return what collections are called; nothing if there is only one."""
    names = library.collections.by_id() if collections.offered(library)[1:] else {}
    return {number: collections.shown(library, name) for number, name in names.items()}


def choose(named: Mapping[str, str]) -> None:
    """Filter by what an address names."""
    st.session_state[_WORDS] = named.get("words", "")[:LONGEST_NOTE]
    wanted = named.get("only", "").split(",")
    st.session_state[_OUTCOMES] = [outcome for outcome in OUTCOMES if outcome in wanted]


def chosen() -> dict[str, str]:
    """Return the filter as an address names it."""
    return {
        "words": str(st.session_state.get(_WORDS) or ""),
        "only": ",".join(st.session_state.get(_OUTCOMES) or ()),
    }
