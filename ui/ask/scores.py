"""Scores: every passage at every stage, each stage in a column and a unit of its own."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag.journey import Journey, Standing, journeys, rankings
from rag.types import Trace
from ui.shared import frame
from ui.shared.frame import escape
from ui.shared.passages import opener, table
from ui.shared.stages import number, title, unit


def show(trace: Trace) -> None:
    """Show the scores of all stages side by side."""
    found = journeys(trace)
    if not found:
        frame.empty("No scores", "No stage found a passage for this question.")
        return
    say = "Each stage scores in a unit of its own: read down a column, never across a row."
    st.html(f'<p class="rl-say">{say}</p>')
    st.html(rows_of(trace, found))


def rows_of(trace: Trace, found: Sequence[Journey]) -> str:
    """Return the table as HTML; a bar shows where a score lies between its column's ends."""
    bounds = {s.name: _bounds([hit.score for hit in s.hits]) for s in rankings(trace)}
    head = "<th>Passage</th>" + "".join(
        f'<th class="right">{escape(title(name))}<small>{escape(unit(name, trace))}</small></th>'
        for name in bounds
    )
    rows = [
        f"<tr><td>{opener(journey.chunk, below=True)}</td>"
        + "".join(_cell(standing, *bounds[standing.stage]) for standing in journey.standings)
        + "</tr>"
        for journey in found
    ]
    return f'<div class="rl-scores">{table(head, rows)}</div>'


def _bounds(scores: Sequence[float]) -> tuple[float, float]:
    return (min(scores), max(scores)) if scores else (0.0, 0.0)


def _cell(standing: Standing, low: float, high: float) -> str:
    if standing.score is None:
        return '<td class="right rl-muted" title="not in this ranking">–</td>'
    share = (standing.score - low) / (high - low) if high > low else 1.0
    return (
        f'<td class="right rl-num"><small>#{standing.rank}</small> '
        f"{number(standing.stage, standing.score)}"
        f'<span class="bar" style="--share:{share:.1%}"></span></td>'
    )
