"""Why this score: BM25 taken apart, near tokens, and what each sentence is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError, RerankError
from rag.inspect import why
from rag.inspect.why import Ablation, Terms, Without
from rag.rerank.late_interaction import TokenMatch
from rag.text.plural import plural
from rag.types import Chunk, Trace
from ui.inspect import where
from ui.shared import frame
from ui.shared.frame import escape

if TYPE_CHECKING:
    from rag.pipeline import Pipeline
    from ranklens.library import Library

SHORT = 160
GONE = (
    '<p class="rl-say">The passage is not in the library any more, so its terms have no weight '
    "now; the score above is the trace’s.</p>"
)


def show(library: Library, pipeline: Pipeline, trace: Trace, chunk: Chunk) -> None:
    """Show the three explanations, each under what it is."""
    key = hash((where.stamp(library, trace), chunk.id))
    grid = st.grid(2, min_column_width=380, gap="large")
    with grid.cell():
        _head("BM25, term by term", "Exact decomposition: the terms sum to the score.")
        if library.index.catalogue.fetch([chunk.id]):
            st.html(terms_of(why.terms(pipeline, trace.question, chunk)))
        else:
            st.html(GONE)
        _head(
            "Sentence by sentence",
            "Ablation: the passage is scored again without each one.",
            " more",
        )
        _ablation(key, pipeline, trace.question, chunk)
    with grid.cell():
        _head(
            "Which tokens are near the question",
            "Attribution by similarity: each token's best cosine with a token of the question. "
            "It shows what is near, and is no share of the score.",
        )
        _heat(key, pipeline, trace.question, chunk)


def _head(what: str, kind: str, more: str = "") -> None:
    st.html(f'<h3 class="rl-label{more}">{escape(what)}</h3><p class="rl-say">{escape(kind)}</p>')


def terms_of(found: Terms) -> str:
    """Return a bar a term as HTML, and the sum beside the score."""
    if not found.terms:
        return '<p class="rl-say">The question has no word that BM25 looks for.</p>'
    most = max((term.adds for term in found.terms), default=0.0) or 1.0
    rows = "".join(
        f'<span class="word">{escape(term.word)}{_stem(term)}</span>'
        f'<span class="track"><i style="--share:{max(term.adds, 0) / most:.1%}"></i></span>'
        f'<span class="rl-num">{f"{term.adds:+.3f}" if term.there else "–"}</span>'
        for term in found.terms
    )
    same = "the same as" if abs(found.total - found.score) < 5e-4 else "not"
    return (
        f'<div class="rl-terms">{rows}<span class="word sum">Sum</span><span class="sum">'
        f"{same} the passage’s BM25 score, {found.score:.3f}</span>"
        f'<b class="rl-num sum">{found.total:.3f}</b></div>'
    )


def _stem(term: why.Term) -> str:
    if term.word.casefold() == term.term:
        return ""
    return f' <small class="rl-muted">{escape(term.term)}</small>'


def _heat(key: int, pipeline: Pipeline, question: str, chunk: Chunk) -> None:
    try:
        found = _matched(key, pipeline, question, chunk)
    except RanklensError as error:
        frame.notice(str(error), "The tokens cannot be compared", "warn")
        return
    name = escape(str(pipeline.encoder.name).rpartition("/")[2])
    st.html(f'<p class="rl-say">By the token vectors of {name}.</p>{heat_of(chunk.passage, found)}')


@st.cache_resource(max_entries=32, show_spinner=False)
def _matched(key: int, _pipeline: Pipeline, _question: str, _chunk: Chunk) -> list[TokenMatch]:
    return why.heat(_pipeline, _question, _chunk)


def heat_of(text: str, found: Sequence[TokenMatch]) -> str:
    """Return a text as HTML, each token in the strength of its match within this passage."""
    if not found:
        return '<p class="rl-say">There is no token to compare.</p>'
    low, high = min(m.strength for m in found), max(m.strength for m in found)
    parts, at = [], 0
    for match in found:
        share = (match.strength - low) / (high - low) if high > low else 0.0
        parts += [
            escape(text[at : match.start]),
            f'<span style="--heat:{share:.0%}" title="{match.strength:.2f}">'
            f"{escape(text[match.start : match.end])}</span>",
        ]
        at = match.end
    unread = text[at:]
    cut = f'<span class="unread" title="not read">{escape(unread)}</span>' if unread else ""
    return (
        f'<div class="rl-heat" tabindex="0">{"".join(parts)}{cut}</div>'
        f'<p class="rl-heat-scale"><span>{low:.2f}</span><i></i><span>{high:.2f} cosine</span></p>'
    )


def _ablation(key: int, pipeline: Pipeline, question: str, chunk: Chunk) -> None:
    try:
        if not where.can_score(pipeline):
            st.html('<p class="rl-say">No reranker that scores single texts ranks here.</p>')
            return
        if where.remote(pipeline) and not st.button(
            "Ask the reranker", icon=":material/cloud_upload:", key="ask_ablation",
            help=f"Up to {why.MOST_SENTENCES + 1} pairs are sent to the reranker's provider",
        ):  # fmt: skip
            return
        found = _ablated(key, pipeline, question, chunk)
    except RerankError as error:
        frame.notice(str(error), "The reranker could not be asked", "warn")
        return
    st.html(ablation_of(found, chunk.text))


@st.cache_resource(max_entries=32, show_spinner="Scoring without each sentence…")
def _ablated(key: int, _pipeline: Pipeline, _question: str, _chunk: Chunk) -> Ablation:
    return why.ablation(_pipeline, _question, _chunk)


def ablation_of(found: Ablation, text: str) -> str:
    """Return each sentence with what its removal costs as HTML, the dearest marked."""
    about = f"{escape(found.reranker)} scores the whole passage {found.score:.3f}."
    if not found.sentences:
        return f'<p class="rl-say">{about} It is one sentence: nothing can be left out.</p>'
    most = max(abs(one.cost) for one in found.sentences) or 1.0
    rows = "".join(_sentence(one, text, most, one is found.dearest) for one in found.sentences)
    untried = plural(found.untried, "sentence was", "sentences were")
    more = f" The last {untried} not tried." if found.untried else ""
    return (
        f'<p class="rl-say">{about} Each line: what it loses without that sentence (below 0 it '
        f"gains).{more}</p>"
        f'<ul class="rl-without">{rows}</ul>'
    )


def _sentence(one: Without, text: str, most: float, dearest: bool) -> str:
    words = " ".join(text[one.start : one.end].split())
    short = words if len(words) <= SHORT else f"{words[: SHORT - 1].rstrip()}…"
    kind = "gain" if one.cost < 0 else ""
    said = f"<mark>{escape(short)}</mark>" if dearest else escape(short)
    return (
        f'<li><span class="rl-num">{one.cost:+.3f}</span>'
        f'<i class="{kind}" style="--share:{abs(one.cost) / most:.1%}"></i><span>{said}</span></li>'
    )
