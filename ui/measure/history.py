"""All kept evaluations of a question set: their trend, a list, and two of them compared."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.reports.charts import scale
from ranklens import evaluations, measuring
from ranklens.evaluations import EvaluationRecord
from ui.measure import runs
from ui.shared import frame, state
from ui.shared.html import macro

if TYPE_CHECKING:
    from ranklens.library import Library

HTML = "measure/history.html"
TREND = 20  # evaluations on the chart, the newest ones
TICKS = (0.0, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A pipeline in one evaluation: shares of the chart's width and height."""

    x: float
    y: float
    start: float
    long: float
    title: str
    shown: bool


def show(
    library: Library, held: Sequence[EvaluationRecord], shown: EvaluationRecord | None,
    sets: Collection[str],
) -> None:  # fmt: skip
    """Show the evaluations of the shown one's set, and those of questions that are no set."""
    others = [one for one in held if one.name not in sets]
    of_set = [one for one in held if shown and one.name == shown.name]
    if not of_set and not others:
        return
    title = f"All evaluations of {frame.plain(shown.name)}" if shown else "Other evaluations"
    with st.expander(f"{title} ({len(of_set or others)})", icon=":material/history:"):
        if len(of_set) > 1 and shown:
            _trend(of_set[:TREND][::-1], shown.id)
        st.html(macro("runs", HTML)(of_set or others, shown.id if shown else ""))
        _choose(library, [*of_set, *(one for one in others if one not in of_set)], shown)
        if len(of_set) > 1 and shown:
            _compare(library, of_set, shown)


def when(record: EvaluationRecord) -> str:
    """Return an evaluation on one line."""
    figures = (f"{p.label} {p.quality:.3f}" for p in record.pipelines if p.quality is not None)
    return f"{record.made:%Y-%m-%d %H:%M} · {record.name} · {' · '.join(figures)} · {record.id}"


def _trend(records: Sequence[EvaluationRecord], shown: str) -> None:
    """Draw the quality of each pipeline from evaluation to evaluation, oldest first."""
    known = [(n, one, p) for n, one in enumerate(records) for p in one.pipelines]
    values = [v for _, _, p in known for v in (p.low, p.high) if v is not None]
    if not values:
        return
    low, high = scale(values)
    across, tall = max(1, len(records) - 1), high - low
    series: dict[str, list[TrendPoint]] = {}
    for n, one, p in known:
        if p.quality is None or p.low is None or p.high is None:
            continue
        title = f"{p.label}: {p.quality:.3f}, {one.made:%Y-%m-%d %H:%M}"
        point = TrendPoint(n / across, (p.quality - low) / tall, (p.low - low) / tall,
                           (p.high - p.low) / tall, title, one.id == shown)  # fmt: skip
        series.setdefault(p.label, []).append(point)
    ticks = [(share, low + share * tall) for share in TICKS]
    ends = [(0.0, records[0]), (1.0, records[-1])] if len(records) > 1 else [(0.0, records[0])]
    same_day = len({one.made.date() for one in records}) == 1
    dates = [(x, f"{one.made:{'%H:%M' if same_day else '%Y-%m-%d'}}") for x, one in ends]
    metric = measuring.metric_label(records[-1].metric)
    frame.label(f"{metric} of each pipeline, as it was measured", "h3")
    st.html(macro("trend", HTML)(metric, list(series.items()), ticks, dates))


def _choose(
    library: Library, records: Sequence[EvaluationRecord], shown: EvaluationRecord | None
) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Evaluation", records, records.index(shown) if shown else 0,
                              format_func=when, key=f"chosen_run_{shown and shown.id}")  # fmt: skip
        st.button("Show", icon=":material/visibility:", key="show_run", on_click=runs.choose,
                  args=(chosen,), disabled=chosen == shown)  # fmt: skip
        st.button("Delete", icon=":material/delete:", key="delete_run",
                  on_click=library.evaluations.remove, args=(chosen.id,))  # fmt: skip


def _compare(library: Library, of_set: Sequence[EvaluationRecord], shown: EvaluationRecord) -> None:
    others = [one for one in of_set if one.id != shown.id]
    before = st.selectbox("Compare the shown one with", others, None, format_func=when,
                          key=f"compared_run_{shown.id}",
                          placeholder="Choose another evaluation")  # fmt: skip
    if before is None:
        return
    first, second = sorted((before, shown), key=lambda one: one.made)
    try:
        found = evaluations.changes(library, first.id, second.id)
    except RanklensError as error:
        state.problem(error)
        return
    st.html(macro("changes", HTML)(found))
