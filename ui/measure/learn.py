"""Learning and tuning a reranker on a set's judgements, its versions, and which of them ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from rag.errors import RanklensError
from ranklens import background, job_kinds, judged_sets, learning, models, tuning
from ranklens.trained import TrainedVersion
from ui.measure.fit import show_part
from ui.shared import frame, jobs, state

if TYPE_CHECKING:
    from ranklens.library import Library

LEARN, TUNE = "Weights, in seconds", "Cross-encoder, in minutes"
FAILED = "Nothing was learned"
KINDS = {LEARN: (job_kinds.LEARN, learning), TUNE: (job_kinds.TUNE, tuning)}


def show(library: Library, name: str) -> None:
    """Offer to learn or tune, show how far it is and what it gains, and the versions."""
    frame.say(
        "Learns a reranker from the judged questions and shows what it gains on questions that it "
        "was not learned from. Nothing is changed until you use it."
    )
    what = st.segmented_control("What to learn", list(KINDS), default=LEARN, key="learn_what",
                                required=True)  # fmt: skip
    kind, source = KINDS[what]
    if what == LEARN:
        _learn_controls(library, name)
    else:
        _tune_controls(library, name)
    job = jobs.follow(library, kind, FAILED)
    if job is not None:
        for part in job.result.summary():
            show_part(part)
    try:
        _versions(library, source.versions(library), source.adopted(library), what)
    except RanklensError as error:
        frame.notice(str(error), "The versions cannot be read", "bad")


def _learn_controls(library: Library, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        others = st.multiselect(
            "Other rerankers' scores too", _others(library), key="learn_others", width=420,
            max_selections=3, placeholder="None",
            help="Their scores are further features; each takes its own time for every question",
        )  # fmt: skip
        if st.button("Learn", icon=":material/school:", key="learn", disabled=library.jobs.busy):
            judged = judged_sets.question_set(library, name)
            jobs.begin(lambda: background.learn(judged, {}, others), FAILED)


def _others(library: Library) -> list[str]:
    settings = library.settings
    return [one.name for one in models.rerankers(settings) if learning.can_weigh(settings, one)]


def _tune_controls(library: Library, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        here = tuning.bases(library.settings)
        base = st.selectbox("Start from", here, key="tune_base", width=320,
                            help="A cross-encoder learns most from few judgements")  # fmt: skip
        epochs = st.number_input("Passes", 1, 20, 2, key="tune_epochs", width=110)
        curve = st.toggle("Learning curve too", key="tune_curve",
                          help="A training more for each number of judged questions")  # fmt: skip
        owner = state.is_owner(library)
        clicked = st.button(
            "Tune", icon=":material/model_training:", key="tune",
            disabled=library.jobs.busy or not owner,
            help=None if owner else "Only on the library's own machine",
        )  # fmt: skip
    if clicked:
        sizes = tuning.SIZES if curve else ()
        wishes = tuning.TuningWishes(base, int(epochs), sizes=sizes)
        judged = judged_sets.question_set(library, name)
        jobs.begin(lambda: background.tune(judged, {}, wishes), FAILED)


def _versions(
    library: Library,
    found: Sequence[TrainedVersion],
    now: TrainedVersion | None,
    what: str,
) -> None:
    if not found:
        return
    frame.label("Versions", "h3")
    figures = dict.fromkeys(("Gain", "Low", "High"), st.column_config.NumberColumn(format="%+.3f"))
    rows = [_row(one, now) for one in reversed(found)]
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=figures, key="learn_versions")
    source, owner = KINDS[what][1], state.is_owner(library)
    shown = [one.version for one in reversed(found) if one.shown]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Version", shown, key=f"learn_version_{what}_{shown[:1]}", width=140,
                              placeholder="None has a gain", disabled=not shown)  # fmt: skip
        if st.button("Use it", icon=":material/check:", key="learn_use",
                     disabled=not owner or chosen is None):  # fmt: skip
            source.adopt(library, chosen)
            st.rerun()
        if st.button("Go back", icon=":material/undo:", key="learn_back",
                     disabled=not owner or now is None):  # fmt: skip
            source.back(library)
            st.rerun()
    if library.settings.reranker != models.AUTO:
        frame.say(
            f"The library ranks by {library.settings.reranker}; a version that is used ranks if "
            "the reranker is auto."
        )


def _row(one: TrainedVersion, now: TrainedVersion | None) -> dict[str, object]:
    about = "in use" if now == one else "" if one.shown else "no gain shown"
    mean, low, high = one.gain
    return {
        "Version": one.version, "Made": one.made[:16].replace("T", " "), "Set": one.name,
        "Judged": one.questions, "Gain": mean, "Low": low, "High": high, "": about,
    }  # fmt: skip
