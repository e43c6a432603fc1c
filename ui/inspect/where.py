"""Where did my passage go: its rank and score at every stage, and what removed it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RerankError
from rag.inspect import places
from rag.inspect.places import Everything, Place
from rag.inspect.removal import Removal, removal
from rag.inspect.why import scorer
from rag.types import Chunk, Trace
from ui.shared import frame
from ui.shared.frame import escape
from ui.shared.passages import opener, table
from ui.shared.stages import number, title

if TYPE_CHECKING:
    from rag.pipeline import Pipeline
    from ranklens.library import Library

_ROWS = {"retrieval": ("dense", "lexical"), "pool": ("fused", "expanded", "reranked")}
_ROWS |= {"reranker": ("reranked", "second-hop"), "threshold": ("reranked", "second-hop")}


def show(library: Library, pipeline: Pipeline, trace: Trace, chunk: Chunk) -> None:
    """Show the passage, what became of it, and its place at every stage."""
    found = everything(library, pipeline, trace)
    at = places.places(trace, chunk, found)
    became = removal(trace, chunk, at, places.allowed(pipeline, chunk))
    kind = "worse" if became.where else "better"
    st.html(f'<div class="rl-card"><p class="from">{opener(chunk)}</p>'
            f'<div class="text" tabindex="0">{escape(chunk.text)}</div></div>')  # fmt: skip
    st.html(f'<div class="rl-verdict {kind}" role="status"><b>{escape(became.words)}</b></div>')
    beside = _beside(library, pipeline, trace, chunk, found, at)
    st.html(rows_of([beside if p.stage == "reranked" and beside else p for p in at], became))
    st.html(
        '<p class="rl-say">A rank beyond what a stage went on with is worked out now, exactly, '
        "over the library as it is: dense by the cosine with every passage, BM25 over every "
        "passage, fused with a pool that holds them all.</p>"
    )


def everything(library: Library, pipeline: Pipeline, trace: Trace) -> Everything:
    """Return every passage's place for the question, worked out once while nothing changes."""
    return _everything(stamp(library, trace), pipeline, trace.question)


def stamp(library: Library, trace: Trace) -> int:
    """Return what changes with the question, its settings and the library's documents."""
    ready = tuple((d.id, d.digest) for d in library.index.catalogue.ready())
    here = id(library.index.catalogue)
    return hash((here, ready, trace.settings_digest, trace.question))


@st.cache_resource(max_entries=2, show_spinner="Ranking every passage…")
def _everything(key: int, _pipeline: Pipeline, _question: str) -> Everything:
    return places.everything(_pipeline, _question)


def _beside(
    library: Library,
    pipeline: Pipeline,
    trace: Trace,
    chunk: Chunk,
    found: Everything,
    at: Sequence[Place],
) -> Place | None:
    """Return where the reranker would have put a passage that the trace's pool does not hold."""
    if not any(place.stage == "reranked" and place.rank is None for place in at):
        return None
    try:
        if remote(pipeline) and not _asked():
            return None
        return _reranked(hash((stamp(library, trace), chunk.id)), pipeline, trace, chunk, found)
    except RerankError as error:
        frame.notice(str(error), "The reranker's score is not known", "warn")
        return None


def _asked() -> bool:
    return st.button(
        "Ask the reranker about this passage",
        icon=":material/cloud_upload:",
        key="ask_reranker",
        help="Sends the question, the pool and this passage to the reranker's provider",
    )


def remote(pipeline: Pipeline) -> bool:
    """Tell whether the reranker calls somebody else; raises `RerankError` where it cannot run."""
    return any(entry.remote for entry, _ in pipeline.reranker_parts())


@st.cache_resource(max_entries=32, show_spinner="Asking the reranker…")
def _reranked(
    key: int, _pipeline: Pipeline, _trace: Trace, _chunk: Chunk, _found: Everything
) -> Place:
    return places.beside_pool(_pipeline, _trace, _chunk, _found)


def rows_of(at: Sequence[Place], became: Removal) -> str:
    """Return the table of stages as HTML; the stage that removed the passage is marked."""
    names = [place.stage for place in at]
    blamed = [name for name in _ROWS.get(became.where, ()) if name in names]
    if became.where in ("reranker", "threshold"):
        blamed = names[-1:]
    elif became.where == "pool":
        blamed = blamed[:1]
    head = (
        '<th>Stage</th><th class="right">Rank</th><th class="right">of</th>'
        '<th class="right">Score</th><th>How it is known</th>'
    )
    return f'<div class="rl-way">{table(head, [_row(p, p.stage in blamed) for p in at])}</div>'


def _row(place: Place, blamed: bool) -> str:
    tag = '<span class="rl-tag dropped">left out here</span>' if blamed else ""
    rank = f"{place.rank:,}" if place.rank else "–"
    return (
        f'<tr class="{"gone" if blamed else ""}"><td><b>{escape(title(place.stage))}</b> {tag}</td>'
        f'<td class="right rl-num"><b>{rank}</b></td>'
        f'<td class="right rl-num rl-muted">{place.of:,}</td>'
        f'<td class="right rl-num">{number(place.stage, place.score) or "–"}</td>'
        f'<td class="rl-muted">{_known(place)}</td></tr>'
    )


def _known(place: Place) -> str:
    went_on = f"{place.depth:,} went on from here"
    if place.recorded:
        return f"in the trace; {went_on}"
    if place.rank is None:
        return {
            "lexical": "shares no word with the question",
            "reranked": f"not asked about it; {went_on}",
        }.get(place.stage, f"not ranked here; {went_on}")
    if place.stage == "reranked":
        return "asked now: where it would have come beside the pool"
    scale = ", on a scale of its own" if place.stage == "fused" else ""
    return f"worked out now{scale}; {went_on}"


def can_score(pipeline: Pipeline) -> bool:
    """Tell whether the reranker scores single texts, so that it can be asked about parts."""
    return scorer(pipeline) is not None
