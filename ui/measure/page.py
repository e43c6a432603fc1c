"""The Measure page: what each stage of each pipeline is worth on judged questions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.data import Evaluation
from rag.evaluate.experiments import saved
from rag.evaluate.measures.answers import UNANSWERABLE
from rag.evaluate.measures.figures import Figures, figures, outside
from rag.evaluate.reports import charts, report
from rag.text.plural import plural
from ranklens.jobs import Job
from ui.measure import fit, questions, tables
from ui.shared import frame, jobs, question_sets, stages, state, variants

if TYPE_CHECKING:
    from ranklens.library import Library

STYLES = (frame.HERE / "measure.css", charts.STYLE)
KIND = "measure"


def page() -> None:
    """Show the page."""
    library = state.library()
    for style in STYLES:
        st.html(style)
    frame.title("Measure", "What each stage of each pipeline is worth, on the judged questions.")
    name = question_sets.chooser(library)
    if name is None:
        frame.empty("No questions yet", "Write or take in a question set on the Judge page first.")
        return
    _controls(library, name)
    jobs.reopen(library, KIND)
    job = jobs.follow(library, KIND)
    if job is not None:
        _results(library, job)
    _opener(library)
    with st.expander("Fit weights and threshold", icon=":material/tune:"):
        fit.show(library, name)


def _controls(library: Library, name: str) -> None:
    left, right = st.columns((4, 1), vertical_alignment="bottom")
    with left:
        chosen = variants.chooser(library.settings, "measured", ("none", "current"))
    questions = library.question_sets.questions(name)
    graded, _, _ = jobs.graded(library, questions)
    relevant = sum(any(g > 0 for g in given.values()) for given in graded.values())
    with st.container(horizontal=True):
        frozen = variants.one_pool("frozen")
        answers = st.toggle(
            "Answers too",
            key="answers_too",
            persist_state="session",
            help="Has every question answered, and says what the answers cite and whether they "
            f"refuse the questions of kind “{UNANSWERABLE}”",
        )
    busy = library.jobs.busy
    if right.button("Measure", type="primary", icon=":material/play_arrow:", width="stretch",
                    disabled=busy or not chosen or not relevant, key="measure"):  # fmt: skip
        work = jobs.measured(library, name, questions, chosen or {}, frozen, answers)
        library.jobs.start(KIND, name, work)
        st.rerun()
    st.html(
        f'<p class="rl-say">{relevant:,} of {plural(len(questions), "question")} can be '
        "measured: those with a relevant passage. The other pipelines are compared with the first "
        "one.</p>"
    )


def _opener(library: Library) -> None:
    with st.expander("Open saved rankings", icon=":material/folder_open:"):
        turn = st.session_state.setdefault("rankings_turn", 0)
        file = st.file_uploader("What Rankings above or `ranklens eval --save` wrote",
                                key=f"rankings_{turn}")  # fmt: skip
        if file is None:
            return
        try:
            jobs.opened(library, KIND, file.name, file.read())
        except RanklensError as error:
            state.problem(error)
            return
    st.session_state["rankings_turn"] = turn + 1
    st.rerun()


def _results(library: Library, job: Job) -> None:
    key = hash((id(job.result), job.result.made, job.replayed, jobs.stamp(library)))
    found, alike = _figures(key, library, job)
    evaluation = found.evaluation
    count = plural(len(evaluation.questions), "question")
    graded = "as it was saved" if job.replayed else "figures with the judgements of now"
    when = frame.escape(evaluation.made[:16].replace("T", " "))
    st.html(
        f'<h2 class="rl-question">{frame.escape(evaluation.name)}</h2><p class="rl-say">{count} · '
        f"measured {when} UTC · {graded}</p>"
    )
    st.html(tables.verdict(found))
    for said in tables.left_out(found):
        frame.notice(said, tone="warn")
    for note in evaluation.notes:
        st.html(f'<p class="rl-say">{frame.escape(note)}</p>')
    _downloads(found)
    _charts(found)
    with st.container(key="stages"):
        st.html(tables.stages(found))
    if told := tables.answers(found):
        st.html('<h3 class="rl-label">Answers</h3>' + told)
    st.html('<h3 class="rl-label">Every comparison</h3>' + tables.comparisons(found))
    st.html(alike)
    st.html('<h3 class="rl-label">The questions that changed most</h3>')
    questions.show(library, found, report.main_comparison(found))


def _charts(found: Figures) -> None:
    metric = found.measures[0]
    ranges = charts.intervals(charts.rows_of(found, stages.title))
    plot = charts.quality_by_time(charts.dots_of(found, stages.title), metric)
    grid = st.grid(2, min_column_width=380, gap="large")
    heading = f'<h3 class="rl-label">{metric}'
    grid.cell().html(f"{heading} by stage, with 95 % intervals</h3>{ranges}")
    grid.cell().html(f"{heading} against time and cost</h3>{plot}")


@st.cache_resource(max_entries=4, show_spinner="Working out the figures…")
def _figures(key: int, _library: Library, _job: Job) -> tuple[Figures, str]:
    """Work out the figures, with the judgements of now, and how alike the rankings are, once."""
    evaluation: Evaluation = _job.result
    if not _job.replayed:
        evaluation = jobs.with_present_grades(_library, evaluation)
    found = figures(evaluation)
    return found, tables.alike(found)


def _downloads(found: Figures) -> None:
    evaluation = found.evaluation
    stem = "".join(c if c.isalnum() else "-" for c in evaluation.name)
    with st.container(horizontal=True):
        st.download_button("Report", lambda: report.html(found), f"{stem}.html", "text/html",
                           icon=":material/description:", on_click="ignore", key="report",
                           help="One HTML file that needs no network")  # fmt: skip
        st.download_button("Figures", lambda: json.dumps(outside(found), ensure_ascii=False),
                           f"{stem}.json", "application/json", icon=":material/download:",
                           on_click="ignore", key="figures")  # fmt: skip
        st.download_button("Rankings", lambda: saved.to_json(evaluation), f"{stem}-rankings.json",
                           "application/json", icon=":material/download:", on_click="ignore",
                           key="rankings",
                           help="Everything measured, for `ranklens eval --replay`")  # fmt: skip


page()
