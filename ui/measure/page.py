"""The Measure page: what each stage of each pipeline is worth on judged questions."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.reports import charts, report
from rag.text.labels import stage_title
from rag.text.plural import plural
from ranklens import measuring
from ranklens.jobs import Job
from ranklens.measuring import UNANSWERABLE, Evaluation, Figures
from ui.measure import fit, questions, tables
from ui.shared import frame, jobs, question_sets, state, variants

if TYPE_CHECKING:
    from ranklens.library import Library
    from ranklens.measuring import JudgedSet, Pipelines

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
    _reopen(library)
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
    judged = measuring.question_set(library, name)
    relevant = len(judged.judged)
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
        library.jobs.start(KIND, name, partial(_measured, judged, chosen or {}, frozen, answers))
        st.rerun()
    st.html(
        f'<p class="rl-say">{relevant:,} of {plural(len(judged.questions), "question")} can be '
        "measured: those with a relevant passage. The other pipelines are compared with the first "
        "one.</p>"
    )


def _measured(
    judged: JudgedSet, pipelines: Pipelines, one_pool: bool, answers: bool, job: Job
) -> Evaluation:
    evaluation = measuring.measure(
        judged, pipelines, one_pool=one_pool, answers=answers, on_progress=job.advance,
        stop=job.stop,
    )  # fmt: skip
    measuring.keep_last(judged.library, evaluation)
    return evaluation


def _reopen(library: Library) -> None:
    """Show the library's last evaluation again after a restart."""
    if library.jobs.last(KIND):
        return
    try:
        evaluation = measuring.last(library)
    except RanklensError as error:
        library.jobs.keep(KIND, Job.done_with(measuring.LAST, error=str(error)))
        return
    if evaluation is not None:
        library.jobs.keep(KIND, Job.done_with(evaluation.name, evaluation))


def _opener(library: Library) -> None:
    with st.expander("Open saved rankings", icon=":material/folder_open:"):
        turn = st.session_state.setdefault("rankings_turn", 0)
        file = st.file_uploader("What Rankings above or `ranklens eval --save` wrote",
                                key=f"rankings_{turn}")  # fmt: skip
        if file is None:
            return
        try:
            evaluation = measuring.opened(file.name, file.read())
            library.jobs.keep(KIND, Job.done_with(file.name, evaluation, replayed=True))
        except RanklensError as error:
            state.problem(error)
            return
    st.session_state["rankings_turn"] = turn + 1
    st.rerun()


def _results(library: Library, job: Job) -> None:
    key = hash((id(job.result), job.result.made, job.replayed, measuring.version(library)))
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
    ranges = charts.intervals(charts.rows_of(found, stage_title))
    plot = charts.quality_by_time(charts.dots_of(found, stage_title), metric)
    grid = st.grid(2, min_column_width=380, gap="large")
    heading = f'<h3 class="rl-label">{metric}'
    grid.cell().html(f"{heading} by stage, with 95 % intervals</h3>{ranges}")
    grid.cell().html(f"{heading} against time and cost</h3>{plot}")


@st.cache_resource(max_entries=4, show_spinner="Working out the figures…")
def _figures(key: int, _library: Library, _job: Job) -> tuple[Figures, str]:
    """Work out the figures, with the judgements of now, and how alike the rankings are, once."""
    evaluation: Evaluation = _job.result
    if not _job.replayed:
        evaluation = measuring.with_present_grades(_library, evaluation)
    found = measuring.figures_of(evaluation)
    return found, tables.alike(found)


def _downloads(found: Figures) -> None:
    evaluation = found.evaluation
    stem = "".join(c if c.isalnum() else "-" for c in evaluation.name)
    with st.container(horizontal=True):
        st.download_button(
            "Report",
            lambda: report.html(found),
            f"{stem}.html",
            "text/html",
            icon=":material/description:",
            on_click="ignore",
            key="report",
            help="One HTML file that needs no network",
        )
        st.download_button(
            "Figures",
            lambda: _json(found),
            f"{stem}.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
            key="figures",
        )
        st.download_button(
            "Rankings",
            lambda: measuring.as_json(evaluation),
            f"{stem}-rankings.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
            key="rankings",
            help="Everything measured, for `ranklens eval --replay`",
        )


def _json(found: Figures) -> str:
    return json.dumps(measuring.outside(found), ensure_ascii=False)


page()
