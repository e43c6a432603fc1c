"""The evidence beside an answer: movement, scores and latency of one trace, in tabs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st
from markupsafe import Markup
from streamlit.delta_generator import DeltaGenerator

from rag.journey import Journey, journeys, timeline
from rag.text.labels import duration, stage_title
from rag.types import Trace
from ranklens import viewing
from ui.ask import rerankers
from ui.shared import frame, movement
from ui.shared.html import render
from ui.shared.stages import unit

if TYPE_CHECKING:
    from ranklens.library import Library


def show(library: Library, trace: Trace) -> DeltaGenerator:
    """Show the tabs; return the latency's place, to be filled again once the answer has a time."""
    before_after, units, times = st.tabs(["Before → after", "Scores", "Latency"])
    with before_after:
        st.html(rerankers.ran(trace))
        movement.show(trace, viewing.marker(library, trace.question))
    with units:
        _scores(trace)
    place = times.empty()
    latency(place, trace)
    return place


def latency(place: DeltaGenerator, trace: Trace) -> None:
    """Fill the place with one bar a stage on a common time line, the total, and what fell back."""
    spans = timeline(trace)
    end = max((span.start + span.seconds for span in spans), default=0.0)
    fell = ", ".join(stage_title(stage.name) for stage in trace.stages if stage.fell_back)
    facts = {"Ranking": duration(trace.seconds)}
    facts |= {"With the answer": duration(end)} if trace.answer else {}
    facts["Fell back"] = fell or "nothing"
    place.html(render("ask/latency.html", facts=facts, spans=spans, end=end or 1.0))


def _scores(trace: Trace) -> None:
    """Show every passage at every stage, each stage in a column and a unit of its own."""
    found = journeys(trace)
    if not found:
        frame.empty("No scores", "No stage found a passage for this question.")
        return
    frame.say("Each stage scores in a unit of its own: read down a column, never across a row.")
    st.html(scores_of(trace, found))


def scores_of(trace: Trace, found: Sequence[Journey]) -> Markup:
    """Return the table as HTML; a bar shows where a score lies between its column's ends."""
    stages = trace.stages
    return render(
        "ask/scores.html",
        stages=[(stage.name, unit(stage.name, trace)) for stage in stages],
        ends={stage.name: _ends([hit.score for hit in stage.hits]) for stage in stages},
        journeys=found,
    )


def _ends(scores: Sequence[float]) -> tuple[float, float]:
    """Return the lowest score and the distance to the highest, 0 if they are the same."""
    return (min(scores), max(scores) - min(scores)) if scores else (0.0, 0.0)
