"""The evidence beside an answer: movement, scores and latency of one trace, in tabs."""

from __future__ import annotations

import streamlit as st

from rag.journey import Journey, Movement, journeys, movements, timeline
from rag.types import Trace
from ui.components import frame, slope
from ui.components.frame import escape
from ui.components.passages import opener
from ui.components.stages import duration, number, title, unit

ARROWS = {"rose": "▲", "fell": "▼", "stayed": "="}
TAGS = {"entered": "entered", "dropped": "dropped out", "": ""}


def show(trace: Trace) -> None:
    """Show the three tabs for a trace."""
    before_after, scores, latency = st.tabs(["Before → after", "Scores", "Latency"])
    with before_after:
        _movement(trace)
    with scores:
        _scores(trace)
    with latency:
        _latency(trace)


def _movement(trace: Trace) -> None:
    moves = movements(trace)
    if not moves:
        frame.empty("No passage was found", "Try other words, or add documents that speak of this.")
        return
    _summary(trace, moves)
    plan = slope.layout(moves, int(trace.settings["top"]))
    last = trace.stages[-1].name
    heads = "Before: fused", f"After: {escape(unit(last, trace))}"
    st.html(slope.drawn(plan, *heads) + slope.LEGEND)
    st.html(movement_table(moves))


def _summary(trace: Trace, moves: list[Movement]) -> None:
    last = trace.stages[-1]
    if last.fell_back:
        frame.notice(last.note, "The reranker fell back: this is the fused order.", "warn")
        return
    moved = sum(m.direction != "stayed" for m in moves)
    crossed = [sum(m.crossing == kind for m in moves) for kind in ("entered", "dropped")]
    if not moved:
        text = "Nothing moved: the order after this stage is the fused order."
    else:
        text = (
            f"{moved} of {len(moves)} passages moved; {crossed[0]} entered what the answer "
            f"was given, {crossed[1]} dropped out."
        )
    st.html(f'<p class="rl-lead">{escape(text)}</p>')


def movement_table(moves: list[Movement]) -> str:
    """Return the table of all movements as HTML."""
    rows, inside = [], True
    for move in moves:
        cut = inside and not move.is_in and rows
        inside = inside and move.is_in
        shift = "new" if move.before is None else str(abs(move.shift)) if move.shift else ""
        tag = (
            f'<span class="rl-tag {move.crossing}">{TAGS[move.crossing]}</span>'
            if move.crossing
            else ""
        )
        rows.append(
            f'<tr class="{"cut" if cut else ""}"><td class="right rl-num">{move.after or "–"}</td>'
            f'<td class="rl-move rl-num {move.direction}">{ARROWS[move.direction]} {shift}</td>'
            f'<td class="right rl-num">{move.before or "–"}</td>'
            f"<td>{opener(move.chunk, below=True)}</td><td>{tag}</td></tr>"
        )
    return _table(
        '<th class="right">After</th><th>Moved</th><th class="right">Before</th>'
        "<th>Passage</th><th></th>",
        rows,
    )


def _scores(trace: Trace) -> None:
    found = journeys(trace)
    if not found:
        frame.empty("No scores", "No stage found a passage for this question.")
        return
    st.html(
        '<p class="rl-lead">Each stage scores in a unit of its own: read down a column, '
        "not across a row.</p>"
    )
    st.html(score_table(trace, found))


def score_table(trace: Trace, found: list[Journey]) -> str:
    """Return every passage's rank and score at every stage as HTML, a column a stage."""
    names = [stage.name for stage in trace.stages]
    bounds = {s.name: ([h.score for h in s.hits] or [0.0]) for s in trace.stages}
    head = "<th>Passage</th>" + "".join(
        f'<th class="right">{escape(title(name))}<small>{escape(unit(name, trace))}</small></th>'
        for name in names
    )
    rows = [
        f"<tr><td>{opener(journey.chunk, below=True)}</td>"
        + "".join(_score(journey, name, bounds[name]) for name in names)
        + "</tr>"
        for journey in found
    ]
    return _table(head, rows)


def _score(journey: Journey, stage: str, scores: list[float]) -> str:
    standing = journey.at(stage)
    if standing.score is None:
        return '<td class="right rl-muted" title="not in this ranking">–</td>'
    low, high = min(scores), max(scores)
    share = (standing.score - low) / (high - low) if high > low else 1.0
    return (
        f'<td class="right rl-num"><small>#{standing.rank}</small> {number(stage, standing.score)}'
        f'<span class="bar" style="--share:{share:.1%}"></span></td>'
    )


def _latency(trace: Trace) -> None:
    spans = timeline(trace)
    end = max((span.start + span.seconds for span in spans), default=0.0)
    rows = []
    for span in spans:
        kind = "fell-back" if span.fell_back else "answer" if span.name == "answer" else ""
        place = f"--from:{span.start / end:.3%};--share:{span.seconds / end:.3%}" if end else ""
        rows.append(
            f"<span>{escape(title(span.name))}</span>"
            f'<span class="track"><i class="{kind}" style="{place}"></i></span>'
            f'<span class="ms rl-num">{duration(span.seconds)}</span>'
        )
        if span.note:
            tag = '<span class="rl-tag warn">fell back</span> ' if span.fell_back else ""
            rows.append(f'<span class="note">{tag}{escape(span.note)}</span>')
    st.html(_totals(trace, end) + f'<div class="rl-time">{"".join(rows)}</div>')
    st.html(
        '<p class="rl-lead">Dense and BM25 run side by side; the others wait for each other.</p>'
    )


def _totals(trace: Trace, end: float) -> str:
    fell = [title(stage.name) for stage in trace.stages if stage.fell_back]
    facts = [("Ranking", duration(trace.seconds)), ("With the answer", duration(end))]
    facts.append(("Fell back", ", ".join(fell) or "nothing"))
    cells = "".join(f"<div>{escape(k)}<b>{escape(v)}</b></div>" for k, v in facts)
    return f'<div class="rl-facts">{cells}</div>'


def _table(head: str, rows: list[str]) -> str:
    return (
        '<div class="rl-scroll" tabindex="0"><table class="rl-table">'
        f"<thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
