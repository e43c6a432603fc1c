"""The Measure page: what each stage of each pipeline is worth on judged questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.reports.rendering import STYLE
from rag.text.plural import plural
from ranklens import background, job_kinds, judged_sets
from ranklens.evaluations import EvaluationRecord
from ranklens.measuring import UNANSWERABLE
from ui.measure import advice, answers, fit, history, learn, presenter, results, runs, sweep
from ui.shared import address, frame, jobs, question_sets, slides, state, variants

if TYPE_CHECKING:
    from ranklens.library import Library

KIND = job_kinds.MEASURE


def page() -> None:
    """Show the page, or one evaluation to an audience."""
    library = state.library()
    frame.style(STYLE, slides.STYLE, "measure/measure.css")
    given = address.arrived(runs.PAGE)
    presenter.follow(given)
    held = runs.follow(library, given)
    if presenter.at() and (presented := _shown(library, runs.chosen(held), None)):
        presenter.show(presented)
        return
    frame.title("Measure", "What each stage of each pipeline is worth, on the judged questions.")
    name = question_sets.chooser(library)
    if name is None and not held:
        frame.empty("No questions yet", "Write or import a question set on the Judge page first.")
        return
    if name is not None:
        _controls(library, name)
        jobs.follow(library, KIND)
    sets = library.question_sets.names()
    shown = _shown(library, runs.beside(held, name or held[0].name, sets), name)
    if shown is not None:
        results.show(library, shown)
    elif name is not None:
        frame.empty("Nothing measured with these questions yet",
                    "Choose the pipelines above and press Measure.")  # fmt: skip
    history.show(library, held, shown.record if shown else None, sets)
    _opener()
    if name is not None:
        with st.expander("Is reranking worth it here?", icon=":material/balance:"):
            advice.show(library, name)
        with st.expander("Fit weights and threshold", icon=":material/tune:"):
            fit.show(library, name)
        with st.expander("Learn from your judgements", icon=":material/school:"):
            learn.show(library, name)
        with st.expander("Which options do best here?", icon=":material/grid_view:"):
            sweep.show(library, name)
        with st.expander("Answers graded by a model", icon=":material/fact_check:"):
            answers.show(library, name)


def _shown(
    library: Library, record: EvaluationRecord | None, name: str | None
) -> runs.ShownEvaluation | None:
    """Return what is shown, a file before what is kept, and name it in the address.

    Beside an evaluation of questions that are no set, the address names that evaluation alone.
    """
    opened = runs.of_file()
    at = presenter.at()
    address.write(
        runs.PAGE,
        set=name if record is None or record.name == name else None,
        run=record.id if record and not opened else None,
        slide=None if opened else at,
        slides=presenter.extent(),
    )
    return opened or (runs.of_record(library, record) if record else None)


def _controls(library: Library, name: str) -> None:
    left, right = st.columns((4, 1), vertical_alignment="bottom")
    with left:
        chosen = variants.chooser(library.settings, "measured", ("none", "current"))
    judged = judged_sets.question_set(library, name)
    relevant = len(judged.judged)
    with st.container(horizontal=True):
        frozen = variants.one_pool("frozen")
        answered = st.toggle(
            "Answers too",
            key="answers_too",
            persist_state="session",
            help="Has every question answered too, and measures what the answers cite and whether "
            f"they refuse the questions of kind “{UNANSWERABLE}”",
        )
    busy = library.jobs.busy
    if right.button("Measure", type="primary", icon=":material/play_arrow:", width="stretch",
                    disabled=busy or not chosen or not relevant, key="measure"):  # fmt: skip
        runs.measuring_now(
            background.measure(judged, chosen or {}, one_pool=frozen, answers=answered)
        )
        st.rerun()
    frame.say(
        f"{relevant:,} of {plural(len(judged.questions), 'question')} can be measured: those with "
        "a relevant passage. The other pipelines are compared with the first one."
    )


def _opener() -> None:
    with st.expander("Open saved rankings", icon=":material/folder_open:"):
        turn = st.session_state.setdefault("rankings_turn", 0)
        file = st.file_uploader("What Rankings above or `ranklens eval --save` wrote",
                                key=f"rankings_{turn}")  # fmt: skip
        if file is None:
            return
        try:
            runs.open_file(file.name, file.read())
        except RanklensError as error:
            state.problem(error)
            return
    st.session_state["rankings_turn"] = turn + 1
    st.rerun()


page()
