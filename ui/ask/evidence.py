"""The evidence beside an answer: movement, scores and latency of one trace, in tabs."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.types import Trace
from ui.ask import latency, scores
from ui.shared import movement, rerankers


def show(trace: Trace) -> DeltaGenerator:
    """Show the tabs; return the latency's place, to be filled again once the answer has a time."""
    before_after, units, times = st.tabs(["Before → after", "Scores", "Latency"])
    with before_after:
        st.html(rerankers.ran(trace))
        movement.show(trace)
    with units:
        scores.show(trace)
    place = times.empty()
    latency.show(place, trace)
    return place
