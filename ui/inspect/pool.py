"""The pool as a whole: score distributions, how much was read, and passages that repeat others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.inspect.duplicates import NEAR, SHINGLE, Twin, twins
from rag.inspect.reading import Readings, readings
from rag.journey import rankings
from rag.models.reading import Reading
from rag.types import Hit, Stage, Trace
from ui.inspect.where import stamp
from ui.shared import frame
from ui.shared.frame import escape
from ui.shared.passages import opener, table
from ui.shared.stages import number, title, unit

if TYPE_CHECKING:
    from rag.pipeline import Pipeline
    from ranklens.library import Library


def show(library: Library, pipeline: Pipeline, trace: Trace) -> None:
    """Show the distributions, then every passage of the last ranking."""
    hits = trace.stages[-1].hits
    if not hits:
        frame.empty("No passage was found", "There is nothing in the pool of this question.")
        return
    st.html('<h3 class="rl-label">Scores by stage</h3>'
            '<p class="rl-say">One line a passage; the strong ones went to the answer. Each stage '
            "has a unit and a scale of its own.</p>" + strips(trace))  # fmt: skip
    key = stamp(library, trace)
    try:
        read = _read(key, pipeline, trace)
    except RanklensError as error:
        frame.notice(str(error), "How much was read is not known", "warn")
        read = None
    alike = _alike(key, trace)
    st.html(f'<h3 class="rl-label">Every passage of the pool</h3>'
            f'<p class="rl-say">{escape(_about(read, alike, len(hits)))}</p>')  # fmt: skip
    st.html(rows_of(trace, hits, read, alike))


@st.cache_resource(max_entries=8, show_spinner=False)
def _read(key: int, _pipeline: Pipeline, _trace: Trace) -> Readings | None:
    chunks = [hit.chunk for hit in _trace.stages[-1].hits]
    return readings(_pipeline, _trace.question, chunks)


@st.cache_resource(max_entries=8, show_spinner=False)
def _alike(key: int, _trace: Trace) -> dict[str, Twin]:
    return twins([hit.chunk for hit in _trace.stages[-1].hits])


def strips(trace: Trace) -> str:
    """Return a strip plot of each stage's scores as HTML, the cut of the last one marked."""
    given = {hit.chunk.id for hit in trace.evidence}
    rows = [_strip(stage, trace, given) for stage in rankings(trace) if stage.hits]
    return f'<div class="rl-strips">{"".join(rows)}</div>'


def cut_of(stage: Stage, trace: Trace) -> float | None:
    """Return the score of the last passage that a stage lets through; None where it cuts none."""
    if stage is trace.stages[-1]:
        return trace.evidence[-1].score if trace.evidence else None
    following = trace.stages[trace.stages.index(stage) + 1]
    size = len(following.hits)
    if following.name == "reranked" and 0 < size < len(stage.hits):
        return stage.hits[size - 1].score
    return None


def _strip(stage: Stage, trace: Trace, given: set[str]) -> str:
    low, high = stage.hits[-1].score, stage.hits[0].score
    span = high - low or 1.0
    ticks = "".join(
        f'<i class="{"in" if hit.chunk.id in given else ""}" '
        f'style="--at:{(hit.score - low) / span:.2%}" '
        f'title="#{hit.rank} {number(stage.name, hit.score)}"></i>'
        for hit in reversed(stage.hits)
    )
    cut = cut_of(stage, trace)
    line = "" if cut is None else f'<u style="--at:{(cut - low) / span:.2%}"></u>'
    said = f"{len(stage.hits)} scores from {low:.3f} to {high:.3f}"
    return (
        f"<div><b>{escape(title(stage.name))}</b><small>{escape(unit(stage.name, trace))}</small>"
        f'</div><div class="plot"><div class="track" role="img" aria-label="{said}">{ticks}{line}'
        f'</div><div class="ends rl-num"><span>{number(stage.name, low)}</span>'
        f"<span>{_cut_said(stage, trace, cut)}</span>"
        f"<span>{number(stage.name, high)}</span></div></div>"
    )


def _cut_said(stage: Stage, trace: Trace, cut: float | None) -> str:
    if cut is None:
        return ""
    what = "evidence" if stage is trace.stages[-1] else "pool"
    return f"{what} from {number(stage.name, cut)}"


def rows_of(
    trace: Trace, hits: Sequence[Hit], read: Readings | None, alike: Mapping[str, Twin]
) -> str:
    """Return the table of passages as HTML: rank, how much was read, what it repeats."""
    ranks = {hit.chunk.id: hit.rank for hit in hits}
    cut = len(trace.evidence) + 1 if trace.evidence else 0
    meters = read.passages if read else (None,) * len(hits)
    head = '<th class="right">Rank</th><th>Passage</th><th>Read</th><th>Repeats</th>'
    rows = [
        f'<tr class="{"cut" if hit.rank == cut else ""}"><td class="right rl-num">{hit.rank}</td>'
        f"<td>{opener(hit.chunk, below=True)}</td><td>{_meter(one)}</td>"
        f"<td>{_twin(alike.get(hit.chunk.id), ranks)}</td></tr>"
        for hit, one in zip(hits, meters, strict=True)
    ]
    return f'<div class="rl-pool">{table(head, rows)}</div>'


def _meter(one: Reading | None) -> str:
    if one is None:
        return '<span class="rl-muted">not told</span>'
    kind = "short" if one.read < one.total else ""
    beside = f" beside {one.beside} of the question" if one.beside else ""
    said = f"{one.read:,} of {one.total:,} tokens read{beside}; the model reads {one.limit:,}"
    text = f"{one.read:,} of {one.total:,}" if kind else f"all {one.total:,}"
    return (
        f'<span class="rl-meter {kind}" title="{said}"><i style="--share:{one.share:.1%}"></i>'
        f'<span class="rl-num">{text}</span></span>'
    )


def _twin(twin: Twin | None, ranks: Mapping[str, int]) -> str:
    if twin is None:
        return ""
    word = "the same as" if twin.likeness == 1 else f"{twin.likeness:.0%} like"
    return f'<span class="rl-tag warn">{word} #{ranks[twin.of.id]}</span>'


def _about(read: Readings | None, alike: Mapping[str, Twin], count: int) -> str:
    said = []
    if read is None:
        said.append("This reranker does not tell how much of a passage it reads.")
    else:
        cut = sum(one.read < one.total for one in read.passages)
        limit = read.passages[0].limit if read.passages else 0
        beside = " with the question" if any(one.beside for one in read.passages) else ""
        how = (
            f"{cut} of {count} passages {'was' if cut == 1 else 'were'} cut"
            if cut
            else "every passage was read whole"
        )
        said.append(f"{read.reranker} reads {limit:,} tokens of a passage{beside}: {how}.")
    words = f"{NEAR:.0%} of their runs of {SHINGLE} words"
    repeat = "repeats" if len(alike) == 1 else "repeat"
    said.append(
        f"{len(alike)} of {count} {repeat} a better passage (they share at least {words})."
        if alike
        else f"None repeats another (that would be sharing {words})."
    )
    return " ".join(said)
