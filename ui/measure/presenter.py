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

_AT = "presented_slide"


def at() -> int:
    """Return the number of the slide that is presented, from 1; 0 if nothing is."""
    return int(st.session_state.get(_AT, 0))


def begin() -> None:
    """Present from the next run on."""
    st.session_state[_AT] = 1


def follow(given: Mapping[str, str]) -> None:
    """Present if the address names a slide, and end if one from outside names none."""
    if given:
        st.session_state[_AT] = address.number(given.get("slide", ""))


def show(shown: ShownEvaluation) -> None:
    """Fill the window with the slides; a button there, or Escape, ends it."""
    stem = slides.file_stem(shown.summary.name)
    with slides.present(reports.slides(shown.figures), stem, at(), _end):
        st.download_button("Report", partial(evaluations.report_page, shown.figures),
                           f"{stem}.html", "text/html", key="presented_report",
                           icon=":material/description:", on_click="ignore")  # fmt: skip


def _end() -> None:
    st.session_state[_AT] = 0
    address.keep(PAGE)  # the slides have changed it
