"""Fitting a pipeline on half of the judged questions, shown on the other half, and kept by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.reports.fitted import FittedPart
from rag.text.plural import plural
from ranklens import background, fitting, job_kinds, judged_sets
from ranklens.comparing import describe_pipeline, pipeline_names, resolve
from ui.shared import frame, jobs
from ui.shared.html import show as show_html

if TYPE_CHECKING:
    from ranklens.library import Library

KIND = job_kinds.FIT


def show(library: Library, name: str) -> None:
    """Offer to fit, show how far it is and what was fitted, and keep what is chosen."""
    frame.say(
        "Half of the judged questions, drawn by chance, choose; the other half shows what the "
        "choice is worth. Nothing is changed until you keep it."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = pipeline_names(library.settings)
        chosen = st.selectbox("Pipeline to fit", names, key="fit_pipeline", width=300,
                              format_func=partial(describe_pipeline, library.settings))  # fmt: skip
        options = resolve(library.settings, [chosen])[chosen]
        blends = fitting.can_blend(library.settings.updated(**options))
        blend = st.toggle("Blend too", key="fit_blend", disabled=not blends,
                          help="Weights of dense, BM25 and reranker scores in a hybrid reranker; "
                               "three more searches a question")  # fmt: skip
        busy = library.jobs.busy
        if st.button("Fit", icon=":material/tune:", key="fit", disabled=busy):
            judged = judged_sets.question_set(library, name)
            background.fit(judged, chosen, options, blend=blend and blends)
            st.rerun()
    job = jobs.follow(library, KIND, "Not fitted")
    if job is not None:
        if failed := job.result.failed:
            count, first = plural(len(failed), "question"), next(iter(failed.values()))
            frame.notice(f"{count} could not be asked and took no part ({first})", tone="warn")
        for part in job.result.summary():
            show_part(part)
        _keeper(library, job.result)


def show_part(part: FittedPart) -> None:
    """Show a choice with its worth, its picture and its table."""
    if not part.choice:
        frame.say(f"{part.title}: not fitted: {part.worth}")
        return
    frame.label(part.title, "h3")
    show_html("measure/fitted.html", part=part)
    if part.table:
        names, rows = part.table.columns, part.table.rows
        shown = pd.DataFrame([(name, *map(str, cells)) for name, cells in rows], columns=names)
        figures = dict.fromkeys(names[1:], st.column_config.TextColumn(alignment="right"))
        st.dataframe(shown, hide_index=True, column_config=figures)


def _keeper(library: Library, found: fitting.Fit) -> None:
    """Keep the chosen parts as a named pipeline, or show the lines for ranklens.toml."""
    parts = found.parts()
    frame.label("Use these", "h3")
    chosen = st.pills("What to keep", list(parts), selection_mode="multi",
                      default=[next(iter(parts))], key="fit_parts")  # fmt: skip
    options = {name: value for part in chosen for name, value in parts[part].items()}
    if (
        len(chosen) > 1
        and fitting.THRESHOLD in chosen
        and {fitting.FUSION, fitting.BLEND} & {*chosen}
    ):
        frame.notice(
            "The threshold was fitted on the scores of the present weights. Keep the weights "
            "first, choose that pipeline above and fit again: its threshold belongs to it.",
            tone="warn",
        )
    if not options:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name of the pipeline", "fitted", key="fit_name", width=300, max_chars=40
        )
        clicked = st.button("Keep as a pipeline", icon=":material/check:", key="fit_keep")
    if clicked:
        _keep(library, name, found, options)
    frame.say("Or put these lines into ranklens.toml, for every question:")
    st.code(fitting.as_toml(options), language="toml")


def _keep(library: Library, name: str, found: fitting.Fit, options: Mapping[str, Any]) -> None:
    try:
        fitting.keep(library, name, found, options)
        frame.notice(f"{name.strip()} can be chosen on every page with pipelines.", "Kept")
    except RanklensError as error:
        frame.notice(str(error), "Nothing was kept", "bad")
