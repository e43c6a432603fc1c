"""A set's questions ranked by several pipelines: the job for it, and its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ranklens import background, job_kinds
from ranklens.comparing import describe_pipeline
from ranklens.comparison import ComparedRankings
from ui.shared import collections, frame, grades, jobs, variants

if TYPE_CHECKING:
    from ranklens.library import Library


def show(library: Library, name: str, key: str, judge: bool = False) -> ComparedRankings | None:
    """Offer to rank the questions of a set; return what was ranked last, if it is of this set.

    ``judge``: ask for the judge's name too.
    """
    left, who = st.columns((6, 2), vertical_alignment="bottom") if judge else (st.container(), None)
    with left:
        chosen = variants.chooser(library.settings, f"{key}_pipelines", ("none", "current"))
    if who is not None:
        with who:
            grades.name_box()
    enough = chosen is not None and len(chosen) > 1
    if st.button("Rank the questions", key="rank_all", icon=":material/sort:",
                 disabled=library.jobs.busy or not enough):  # fmt: skip
        background.rank_all(library, name, chosen or {}, collections.current(library))
        st.rerun()
    if not enough:
        frame.notice("Choose two pipelines or more: they are compared with the first one.")
    job = jobs.follow(library, job_kinds.RANK, "Nothing was ranked")
    if job is None or job.earlier:
        return None
    found: ComparedRankings = job.result
    if found.name != name:
        frame.say("What was ranked last belongs to another question set.")
        return None
    names = (describe_pipeline(library.settings, one) for one in found.rankings)
    frame.say(f"Ranked: {', '.join(names)}.")
    return found
