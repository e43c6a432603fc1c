"""One evaluation: its headline, the figures below it, and what can be taken along."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from rag.evaluate.reports import charts
from rag.evaluate.reports.rendering import part
from rag.text.plural import plural
from ranklens import evaluations, measuring
from ranklens.hiding import hidden
from ui.measure import presenter, questions, runs
from ui.shared import frame, state
from ui.shared.html import macro
from ui.shared.slides import file_stem

if TYPE_CHECKING:
    from ranklens.evaluations import EvaluationRecord
    from ranklens.library import Library
    from ranklens.measuring import Figures
    from ui.measure.runs import ShownEvaluation


def show(library: Library, shown: ShownEvaluation) -> None:
    """Show an evaluation."""
    found, summary = shown.figures, shown.summary
    with st.container(gap=None):
        st.html(macro("question")(summary.name))
        frame.say(" · ".join(facts(shown)))
    if shown.file:
        frame.notice(f"From the file {shown.file}; the library does not keep it.")
        st.button("Close the file", icon=":material/close:", key="close_file",
                  on_click=runs.close_file)  # fmt: skip
    if summary.verdict:
        st.html(part("verdict")(summary.verdict))
    for warning in summary.warnings:
        frame.notice(warning, tone="warn")
    for note in summary.notes:
        frame.say(note)
    _take_along(library, found)
    if shown.record and library.given.has_accounts:
        _sharing(library, shown.record.id)
    _charts(found)
    st.html(part("figures")(summary.stages))
    for table in summary.others:
        frame.label(table.title, "h3")
        st.html(part("figures")([table]))
    questions.show(library, found)


def _sharing(library: Library, key: str) -> None:
    from ranklens import sharing  # with accounts only
    from ui.shared import share

    share.offer(library, "evaluation", lambda days: sharing.share(library, "evaluation", key, days))


def facts(shown: ShownEvaluation) -> list[str]:
    """Return what is known of how it was measured: questions, date, version, documents."""
    summary = shown.summary
    graded = "judgements of now" if shown.record else "judgements as they were saved"
    return [summary.about, summary.measured, *_where(shown.record), graded]


def _where(record: EvaluationRecord | None) -> list[str]:
    if record is None:
        return []
    documents = f"{plural(record.documents, 'document')} (state {record.library})"
    program = f"Ranklens {record.program}" if record.program else ""
    within = f"collection {record.collection}" if record.collection else ""
    return [fact for fact in (program, within, documents) if fact]


def _take_along(library: Library, found: Figures) -> None:
    owner = state.is_owner(library)
    stem = file_stem(found.evaluation.name)
    files = (
        ("Report", f"{stem}.html", partial(evaluations.report_page, found),
         "One HTML file without a network"),
        ("Figures", f"{stem}.json", partial(evaluations.figures_as_json, found), None),
        ("Rankings", f"{stem}-rankings.json", partial(measuring.to_json, found.evaluation),
         "Everything measured, for `ranklens eval --replay`"),
    )  # fmt: skip
    with st.container(horizontal=True):
        st.button("Present", icon=":material/slideshow:", key="present",
                  disabled=not found.comparisons, on_click=presenter.begin,
                  help="One question at a time, full screen")  # fmt: skip
        for name, file, write, help_text in files:
            icon = ":material/description:" if name == "Report" else ":material/download:"
            written = write if owner else partial(_for_others, library, write)
            st.download_button(name, written, file, mimetypes.guess_type(file)[0], icon=icon,
                               key=name.lower(), help=help_text, on_click="ignore")  # fmt: skip


def _for_others(library: Library, write: Callable[[], str]) -> str:
    return hidden(write(), library.settings)


def _charts(found: Figures) -> None:
    metric = measuring.metric_label(found.measures[0])
    grid = st.grid(2, min_column_width=380, gap="large")
    with grid.cell():
        frame.label(f"{metric} by stage, with 95 % intervals", "h3")
        st.html(charts.stage_intervals(found))
    with grid.cell():
        frame.label(f"{metric} against time and cost", "h3")
        st.html(charts.pipelines_by_time(found))
