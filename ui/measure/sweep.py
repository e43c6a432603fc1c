"""Which options do best here: a sweep on the Measure page, and its best options kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from ranklens import background, job_kinds, judged_sets, sweeping
from ranklens.models import encoders, rerankers
from ranklens.sweeping import SweepOutcome, SweepWishes
from ui.measure.summary import page_button, show_figures
from ui.shared import frame, jobs
from ui.shared.html import show as show_html

if TYPE_CHECKING:
    from ranklens.library import Library

KIND = job_kinds.SWEEP
CHUNKS, POOLS = (100, 200, 300, 400), (10, 20, 50, 100, 200)
CHOICES = {
    "chunk_tokens": ("Chunk size, tokens", CHUNKS),
    "chunk_overlap": ("Overlap, sentences", (0, 1, 2, 3)),
    "pool": ("Pool", POOLS),
    "fusion": ("Fusion", ("weighted", "rrf")),
    "widen": ("Widening of the evidence", ("off", "on")),
}


def show(library: Library, name: str) -> None:
    """Offer to sweep, show how far it is, and the last sweep of the question set."""
    frame.say(
        "Half of the judged questions choose among all combinations, the other half shows what the "
        "choice is worth. Other chunk sizes are indexed beside the library and removed afterwards. "
        "A sweep that was stopped goes on where it was."
    )
    wishes = _wishes(library)
    disabled = library.jobs.busy or not wishes.tried
    if st.button("Sweep", icon=":material/grid_view:", key="sweep", disabled=disabled):
        judged = judged_sets.question_set(library, name)
        jobs.begin(lambda: background.sweep(judged, wishes), "No sweep")
    jobs.follow(library, KIND, "Not finished")
    if (found := sweeping.last(library, name)) is not None:
        _result(library, found)


def _wishes(library: Library) -> SweepWishes:
    tried: dict[str, list[str | int]] = {}
    here = [one.name for one in rerankers(library.settings) if not one.reason]
    chosen = st.multiselect("Rerankers to try", here, key="sweep_reranker", max_selections=6)
    if chosen:
        tried["reranker"] = list(chosen)
    choices = {**CHOICES, "encoder": ("Encoder", encoders(library.settings))}
    for option, (label, values) in choices.items():
        present = getattr(library.settings, option)
        offered = [value for value in values if value != present]
        picked = st.pills(
            f"{label} (now {present})", offered, selection_mode="multi", key=f"sweep_{option}"
        )
        if picked:
            tried[option] = list(picked)
        if not offered:
            frame.say("No other encoder is on this machine. Models shows how to get one.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        grid = st.toggle(
            "Full grid", key="sweep_grid",
            help="Ask every question of every combination, in place of successive halving",
        )  # fmt: skip
        minutes = st.number_input(
            "Minutes at most", min_value=1, value=None, key="sweep_minutes", width=160,
            placeholder="no limit",
        )  # fmt: skip
    return SweepWishes(tried, "grid" if grid else "halving", minutes=minutes)


def _result(library: Library, found: SweepOutcome) -> None:
    summary = sweeping.summarise(found)
    show_html("measure/sweep.html", summary=summary)
    if summary.lines:
        st.code(summary.lines, language="toml")
    if found.here != found.present:
        _keeper(library, found)
    page_button("Sweep", lambda: sweeping.html(found))
    show_figures(summary)


def _keeper(library: Library, found: SweepOutcome) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of the pipeline", "swept", key="sweep_name", width=300,
                             max_chars=40)  # fmt: skip
        clicked = st.button("Keep as a pipeline", icon=":material/check:", key="sweep_keep")
    if not clicked:
        return
    try:
        sweeping.save(library, found.id, name)
        frame.notice(f"{name.strip()} can be chosen on every page with pipelines.", "Kept")
    except RanklensError as error:
        frame.notice(str(error), "Nothing was kept", "bad")
