"""Where did my passage go: its rank and score at every stage, and what removed it."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup
from streamlit.delta_generator import DeltaGenerator

from rag.errors import RerankError
from rag.types import Chunk, StageName
from ranklens.inspecting import Inspection, PassageWay, StagePlace
from ranklens.viewing import Marker
from ui.shared import frame
from ui.shared.html import render
from ui.shared.html import show as show_html


def show(inspection: Inspection, chunk: Chunk, verdict: DeltaGenerator, mark: Marker) -> None:
    """Show the passage and its place at every stage; what became of it stands in ``verdict``."""
    with verdict, st.spinner("Ranking every passage…"):
        way = inspection.way(chunk)
    shown = verdict.empty()
    shown.html(_verdict(chunk, way))
    show_html("inspect/passage.html", chunk=chunk, mark=mark)
    beside = _beside(inspection, chunk, way)
    if beside is not None and beside.rank:
        shown.html(_verdict(chunk, way, _there(beside.rank, inspection.trace.top)))
    places = [
        (
            beside if place.stage == StageName.RERANKED and beside else place,
            place.stage in way.removed_at,
        )
        for place in way.places
    ]
    show_html("inspect/way.html", rows=[(place, gone, _known(place)) for place, gone in places])
    frame.say(
        "A rank beyond what a stage went on with is worked out now, exactly, over the library as "
        "it is: dense by the cosine with every passage, BM25 over every passage, fused with a pool "
        "that holds them all."
    )


def _there(rank: int, top: int) -> str:
    """Return what the reranker would make of a passage that the pool does not hold."""
    if rank <= top:
        return f"There it would come at rank {rank}, within the top {top}."
    return f"There it would come at rank {rank}: it needs top {rank}, too."


def _verdict(chunk: Chunk, way: PassageWay, more: str = "") -> Markup:
    """Return what became of a passage, and what would have included it, as HTML."""
    kind = "worse" if way.removal.where else "better"
    return render("inspect/verdict.html", chunk=chunk, way=way, kind=kind, more=more)


def _beside(inspection: Inspection, chunk: Chunk, way: PassageWay) -> StagePlace | None:
    """Return where the reranker would have put a passage that the trace's pool does not hold."""
    if not any(place.stage == StageName.RERANKED and place.rank is None for place in way.places):
        return None
    try:
        if inspection.remote and not st.button(
            "Ask the reranker about this passage",
            icon=":material/cloud_upload:",
            key="ask_reranker",
            help="Sends the question, the pool and this passage to the reranker's provider",
        ):
            return None
        with st.spinner("Asking the reranker…"):
            return inspection.beside_pool(chunk)
    except RerankError as error:
        frame.notice(str(error), "The reranker's score is not known", "warn")
        return None


def _known(place: StagePlace) -> str:
    """Return how a place is known."""
    went_on = f"{place.depth:,} went on from here"
    if place.recorded:
        return f"in the trace; {went_on}"
    if place.rank is None:
        reasons: dict[str, str] = {
            StageName.LEXICAL: "shares no word with the question",
            StageName.RERANKED: f"not asked about it; {went_on}",
        }
        return reasons.get(place.stage, f"not ranked here; {went_on}")
    if place.stage == StageName.RERANKED:
        return "asked now: where it would have come beside the pool"
    scale = ", on a scale of its own" if place.stage == StageName.FUSED else ""
    return f"worked out now{scale}; {went_on}"
