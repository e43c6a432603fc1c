"""Is reranking worth it here: asked for on the Measure page, with the figures behind the advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ranklens import advising, background, job_kinds, judged_sets
from ranklens.advising import POOLS, Advice, AdviceWishes
from ranklens.models import rerankers
from ui.measure.summary import page_button, show_figures
from ui.shared import frame, jobs
from ui.shared.html import show as show_html

if TYPE_CHECKING:
    from ranklens.library import Library

KIND = job_kinds.ADVISE


def show(library: Library, name: str) -> None:
    """Offer to work the advice out, show how far it is, and the advice."""
    frame.say(
        "Measures rerankers at several pool sizes against no reranking, and shows whether one is "
        "worth it here, with which pool, when to skip it, and at what price."
    )
    wishes = _wishes(library)
    disabled = library.jobs.busy or wishes is None
    if st.button("Work it out", icon=":material/balance:", key="advise", disabled=disabled):
        judged = judged_sets.question_set(library, name)
        jobs.begin(lambda: wishes and background.advise(judged, wishes), "No advice")
    job = jobs.follow(library, KIND, "No advice")
    if job is not None:
        _result(job.result)


def _wishes(library: Library) -> AdviceWishes | None:
    """Ask for rerankers, pools, the budget and the volume; None if the choice is empty."""
    here = [
        one.name for one in rerankers(library.settings) if not one.reason and one.name != "none"
    ]
    current = library.settings.reranker
    names = here if current in here else [current, *here]
    chosen = st.multiselect("Rerankers", names, [current], key="advice_rerankers", max_selections=5)
    pools = st.pills("Pools", POOLS, selection_mode="multi", default=POOLS, key="advice_pools")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        budget = st.number_input(
            "Budget, ms", min_value=1, value=None, key="advice_budget", width=160,
            placeholder="none", help="What 95 of 100 questions may take until the first words",
        )  # fmt: skip
        per_day = st.number_input(
            "Questions a day", min_value=1, value=1_000, key="advice_per_day", width=160
        )
        machine = st.number_input(
            "Own machine, $ a month", min_value=0, value=None, key="advice_machine", width=200,
            placeholder="none", help="To see from when on it is cheaper than a hosted reranker",
        )  # fmt: skip
    if not chosen or not pools:
        return None
    return AdviceWishes(
        rerankers=tuple(chosen),
        pools=tuple(pools),
        budget_seconds=budget / 1000 if budget else None,
        per_day=float(per_day),
        machine=None if machine is None else float(machine),
    )


def _result(found: Advice) -> None:
    summary = advising.summarise(found)
    show_html("measure/advice.html", summary=summary)
    page_button("Advice", lambda: advising.page(found))
    show_figures(summary)
