"""Latency: one bar a stage on a common time line, the total, and what fell back."""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from rag.journey import Span, timeline
from rag.types import Trace
from ui.shared.frame import escape
from ui.shared.stages import duration, title

_SIDE_BY_SIDE = (
    '<p class="rl-say after">Dense and BM25 run side by side; the others wait for each other.</p>'
)


def show(place: DeltaGenerator, trace: Trace) -> None:
    """Fill the place with the time line of a trace."""
    spans = timeline(trace)
    end = max((span.start + span.seconds for span in spans), default=0.0)
    bars = "".join(_bar(span, end) for span in spans)
    place.html(f'{_totals(trace, end)}<div class="rl-time">{bars}</div>{_SIDE_BY_SIDE}')


def _bar(span: Span, end: float) -> str:
    kind = "fell-back" if span.fell_back else "answer" if span.name == "answer" else ""
    where = f"--from:{span.start / end:.3%};--share:{span.seconds / end:.3%}" if end else ""
    bar = (
        f"<span>{escape(title(span.name))}</span>"
        f'<span class="track"><i class="{kind}" style="{where}"></i></span>'
        f'<span class="ms rl-num">{duration(span.seconds)}</span>'
    )
    if not span.note:
        return bar
    tag = '<span class="rl-tag warn">fell back</span> ' if span.fell_back else ""
    return f'{bar}<span class="note">{tag}{escape(span.note)}</span>'


def _totals(trace: Trace, end: float) -> str:
    fell = ", ".join(title(stage.name) for stage in trace.stages if stage.fell_back)
    facts = {"Ranking": duration(trace.seconds)}
    facts |= {"With the answer": duration(end)} if trace.answer else {}
    facts["Fell back"] = fell or "nothing"
    cells = "".join(f"<div>{name}<b>{escape(fact)}</b></div>" for name, fact in facts.items())
    return f'<div class="rl-facts">{cells}</div>'
