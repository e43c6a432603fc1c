"""The Measure page: what each stage of each pipeline is worth on judged questions."""

from __future__ import annotations

import mimetypes
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.reports import charts, report
from rag.evaluate.reports.rendering import STYLE, part
from rag.evaluate.reports.report import EvaluationSummary
from rag.text.plural import plural
from ranklens import background, measuring
from ranklens.jobs import Job
from ranklens.measuring import UNANSWERABLE, Evaluation, Figures
from ui.measure import advice, fit, questions
from ui.shared import frame, jobs, question_sets, state, variants
from ui.shared.html import macro

if TYPE_CHECKING:
    from ranklens.library import Library

KIND = background.MEASURE


def page() -> None:
    """Show the page."""
    library = state.library()
    frame.style(STYLE)
    frame.title("Measure", "What each stage of each pipeline is worth, on the judged questions.")
    name = question_sets.chooser(library)
    if name is None:
        frame.empty("No questions yet", "Write or import a question set on the Judge page first.")
        return
    _controls(library, name)
    _reopen(library)
    job = jobs.follow(library, KIND)
    if job is not None:
        _results(library, job)
    _opener(library)
    with st.expander("Is reranking worth it here?", icon=":material/balance:"):
        advice.show(library, name)
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
            help="Has every question answered too, and measures what the answers cite and whether "
            f"they refuse the questions of kind “{UNANSWERABLE}”",
        )
    busy = library.jobs.busy
    if right.button("Measure", type="primary", icon=":material/play_arrow:", width="stretch",
                    disabled=busy or not chosen or not relevant, key="measure"):  # fmt: skip
        background.measure(judged, chosen or {}, one_pool=frozen, answers=answers)
        st.rerun()
    frame.say(
        f"{relevant:,} of {plural(len(judged.questions), 'question')} can be measured: those with "
        "a relevant passage. The other pipelines are compared with the first one."
    )


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
    found, summary = _figures(key, library, job)
    graded = "as it was saved" if job.replayed else "figures with the judgements of now"
    with st.container(gap=None):
        st.html(macro("question")(summary.name))
        frame.say(f"{summary.about} · {summary.measured} · {graded}")
    if summary.verdict:
        st.html(part("verdict")(summary.verdict))
    for warning in summary.warnings:
        frame.notice(warning, tone="warn")
    for note in summary.notes:
        frame.say(note)
    _downloads(found)
    _charts(found)
    st.html(part("figures")(summary.stages))
    for table in summary.others:
        frame.label(table.title, "h3")
        st.html(part("figures")([table]))
    questions.show(library, found)


def _charts(found: Figures) -> None:
    metric = found.measures[0]
    grid = st.grid(2, min_column_width=380, gap="large")
    with grid.cell():
        frame.label(f"{metric} by stage, with 95 % intervals", "h3")
        st.html(charts.stage_intervals(found))
    with grid.cell():
        frame.label(f"{metric} against time and cost", "h3")
        st.html(charts.pipelines_by_time(found))


@st.cache_resource(max_entries=4, show_spinner="Working out the figures…")
def _figures(key: int, _library: Library, _job: Job) -> tuple[Figures, EvaluationSummary]:
    """Work out the figures, with the judgements of now, and what people read of them, once."""
    evaluation: Evaluation = _job.result
    if not _job.replayed:
        evaluation = measuring.with_present_grades(_library, evaluation)
    found = measuring.figures_of(evaluation)
    return found, report.summarise(found)


def _downloads(found: Figures) -> None:
    stem = "".join(c if c.isalnum() else "-" for c in found.evaluation.name)
    files = (
        ("Report", f"{stem}.html", partial(report.html, found), "One HTML file without a network"),
        ("Figures", f"{stem}.json", partial(measuring.figures_as_json, found), None),
        ("Rankings", f"{stem}-rankings.json", partial(measuring.to_json, found.evaluation),
         "Everything measured, for `ranklens eval --replay`"),
    )  # fmt: skip
    with st.container(horizontal=True):
        for name, file, write, help_text in files:
            icon = ":material/description:" if name == "Report" else ":material/download:"
            st.download_button(name, write, file, mimetypes.guess_type(file)[0], icon=icon,
                               key=name.lower(), help=help_text, on_click="ignore")  # fmt: skip


page()
