"""An evaluation for an audience: one question at a time, full screen, then the summary of all."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from rag.evaluate.reports import slides as reports
from ranklens import evaluations
from ui.measure.runs import PAGE
from ui.shared import address, slides

if TYPE_CHECKING:
    from ui.measure.runs import ShownEvaluation

_AT, _ALL = "presented_slide", "presented_all"


def at() -> int:
    """Return the number of the slide that is presented, from 1; 0 if nothing is."""
    return int(st.session_state.get(_AT, 0))


def extent() -> str:
    """Return as the address names it whether every question that changed has a slide."""
    return "all" if at() and st.session_state.get(_ALL) else ""


def begin() -> None:
    """Present from the next run on."""
    st.session_state.update({_AT: 1, _ALL: False})


def follow(given: Mapping[str, str]) -> None:
    """Present if the address names a slide, and end if one from outside names none."""
    if given:
        st.session_state[_AT] = address.number(given.get("slide", ""))
        st.session_state[_ALL] = given.get("slides") == "all"


def show(shown: ShownEvaluation) -> None:
    """Fill the window with the slides; a button there, or Escape, ends it."""
    stem = slides.file_stem(shown.summary.name)
    every = bool(st.session_state.get(_ALL))
    changed = reports.changed_count(shown.figures)
    pictures = reports.slides(shown.figures, None if every else reports.MOST)
    with slides.present(pictures, stem, at(), _end):
        if changed > reports.MOST:
            label = f"First {reports.MOST} only" if every else f"All {changed} that changed"
            st.button(label, key="presented_all_of_them", icon=":material/filter_none:",
                      on_click=_show_all, args=(not every,))  # fmt: skip
        st.download_button("Report", partial(evaluations.report_page, shown.figures),
                           f"{stem}.html", "text/html", key="presented_report",
                           icon=":material/description:", on_click="ignore")  # fmt: skip


def _show_all(every: bool) -> None:
    st.session_state.update({_AT: 1, _ALL: every})


def _end() -> None:
    st.session_state[_AT] = 0
    address.keep(PAGE)  # the slides have changed it
