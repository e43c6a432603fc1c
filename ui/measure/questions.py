"""The questions that a comparison helps and hurts most, down to both traces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag import trace as traces
from rag.errors import RanklensError
from rag.evaluate.data import Evaluation
from rag.evaluate.measures.figures import Comparison, Figures
from rag.evaluate.reports.examples import Place, Telling, telling
from rag.types import Trace
from ui.measure.tables import sentence
from ui.shared import frame, grades, movement, state
from ui.shared.frame import escape, plain

if TYPE_CHECKING:
    from ranklens.library import Library

MOST = 10
SHORT = 220
Side = tuple[str, str]


def show(library: Library, found: Figures, main: Comparison | None) -> None:
    """Show the questions that changed most in a comparison, the gains first."""
    if main is None:
        return
    names = [sentence(one, found) for one in found.comparisons]
    chosen = st.selectbox("Comparison", range(len(names)), found.comparisons.index(main),
                          format_func=lambda i: names[i], key="told_comparison")  # fmt: skip
    comparison = found.comparisons[chosen]
    told = telling(found, comparison, MOST)
    if not told:
        st.html('<p class="rl-say">No question changed.</p>')
    else:
        st.html("".join(folded(one, comparison, first=at == 0) for at, one in enumerate(told)))
        _tracer([one.question.text for one in told], comparison)
    if asked := st.session_state.pop("both_traces", None):
        _both(library, found.evaluation, *asked)


def folded(one: Telling, comparison: Comparison, first: bool) -> str:
    """Return a question, folded, with its first passages before and after, as HTML."""
    metric, kind = comparison.metric, "rose" if one.change > 0 else "fell"
    before = _side(" · ".join(comparison.before), one.before, metric, one.first, moved=False)
    after = _side(" · ".join(comparison.after), one.after, metric, one.second, moved=True)
    return (
        f'<details class="rl-told"{" open" if first else ""}><summary>'
        f'<span class="rl-move rl-num {kind}">{one.change:+.3f}</span> '
        f"{escape(one.question.text)}</summary>"
        f'<div class="rl-sides">{before}{after}</div></details>'
    )


def _tracer(questions: Sequence[str], comparison: Comparison) -> None:
    """Offer both traces of one of the questions."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        question = st.selectbox("Question", questions, key="told_question")
        st.button("Both traces", key="traces", icon=":material/compare_arrows:", on_click=_open,
                  args=(question, comparison))  # fmt: skip


def _side(name: str, value: float, metric: str, places: Sequence[Place], moved: bool) -> str:
    rows = "".join(_place(place, moved) for place in places)
    return f"<div><h3>{escape(name)} · {metric} {value:.3f}</h3><ol>{rows}</ol></div>"


def _place(place: Place, moved: bool) -> str:
    page = f", page {place.page}" if place.page else ""
    judged = "not judged" if place.grade is None else f"grade {place.grade}"
    was = "new" if place.was is None else f"was {place.was}" if place.was != place.rank else ""
    text = " ".join(place.text.split())
    text = text if len(text) <= SHORT else f"{text[:SHORT]}…"
    kind = ' class="relevant"' if place.grade else ""
    facts = " · ".join(filter(None, (judged, was if moved else "")))
    return (
        f"<li{kind}><b>{place.rank}. {escape(place.document)}</b>{page} "
        f'<span class="rl-muted">{facts}</span><br><span class="text">{escape(text)}</span></li>'
    )


def _open(question: str, comparison: Comparison) -> None:
    st.session_state["both_traces"] = (question, comparison.before, comparison.after)


@st.dialog("Both traces", width="large", icon=":material/compare_arrows:")
def _both(
    library: Library, evaluation: Evaluation, question: str, before: Side, after: Side
) -> None:
    """Ask the question of both pipelines once more, with the settings that were measured."""
    frame.dress_dialog()
    st.html(f'<h2 class="rl-question">{escape(question)}</h2>')
    names = list(dict.fromkeys((before[0], after[0])))
    asked: list[Trace] = []
    for name, tab in zip(names, st.tabs([plain(name) for name in names]), strict=True):
        with tab:
            try:
                trace = traced(library, evaluation, name, question)
            except RanklensError as error:
                state.problem(error)
                continue
            asked.append(trace)
            movement.show(trace)
            st.download_button("Trace", traces.to_json(trace), f"{trace.settings_digest}.json",
                               "application/json", icon=":material/download:", on_click="ignore",
                               key=f"trace_of_{name}")  # fmt: skip
    if asked:
        grades.on_page(library, {}, asked[0], asked[1:])


def traced(library: Library, evaluation: Evaluation, name: str, question: str) -> Trace:
    """Return the trace of a question with a measured pipeline's settings."""
    known = type(library.settings).model_fields
    held = evaluation.run(name).settings
    changes = {option: value for option, value in held.items() if option in known}
    return library.pipeline.with_settings(**changes).search(question)
