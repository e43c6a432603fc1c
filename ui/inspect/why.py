"""Why this score: BM25 taken apart, near tokens, and what each sentence is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st
from markupsafe import Markup

from rag.errors import RanklensError, RerankError
from rag.text.plural import plural
from rag.types import Chunk
from ranklens.inspecting import MOST_SENTENCES, Ablation, Inspection, Terms, TokenMatch
from ui.shared import frame
from ui.shared.html import render
from ui.shared.html import show as show_html

SHORT = 160
GONE = (
    "The passage is not in the library any more, so its terms have no weight now; the score above "
    "is the trace’s."
)


def show(inspection: Inspection, chunk: Chunk) -> None:
    """Show the three explanations, each under what it is."""
    show_html("inspect/why.html")
    grid = st.grid(2, min_column_width=380, gap="large")
    with grid.cell():
        _head("BM25, term by term", "Exact decomposition: the terms sum to the score.")
        if terms := inspection.terms(chunk):
            st.html(terms_of(terms))
        else:
            frame.say(GONE)
        _head(
            "Sentence by sentence",
            "Ablation: the passage is scored again without each one.",
            more=True,
        )
        _ablation(inspection, chunk)
    with grid.cell():
        _head(
            "Which tokens are near the question",
            "Attribution by similarity: each token's best cosine with a token of the question. "
            "It shows what is near, and is no share of the score.",
        )
        _heat(inspection, chunk)


def _head(title: str, text: str, more: bool = False) -> None:
    show_html("inspect/head.html", title=title, text=text, more=more)


def terms_of(terms: Terms) -> Markup:
    """Return a bar a term as HTML, and the sum beside the score."""
    most = max((term.adds for term in terms.terms), default=0.0) or 1.0
    same = abs(terms.total - terms.score) < 5e-4
    return render("inspect/terms.html", terms=terms, most=most, same=same)


def _heat(inspection: Inspection, chunk: Chunk) -> None:
    try:
        found = inspection.heat(chunk)
    except RanklensError as error:
        frame.notice(str(error), "The tokens cannot be compared", "warn")
        return
    encoder = str(inspection.pipeline.encoder.name).rpartition("/")[2]
    st.html(heat_of(chunk.passage, found, encoder))


def heat_of(text: str, found: Sequence[TokenMatch], encoder: str = "") -> Markup:
    """Return a text as HTML, each token in the strength of its match within this passage."""
    strengths = [match.strength for match in found]
    low, high = min(strengths, default=0.0), max(strengths, default=0.0)
    return render(
        "inspect/heat.html",
        encoder=encoder,
        tokens=list(_tokens(text, found)),
        rest=text[found[-1].end :] if found else "",
        low=low,
        high=high,
    )


def _tokens(text: str, found: Sequence[TokenMatch]) -> Iterator[tuple[str, str, float]]:
    """Yield what stands before each token, the token, and its strength."""
    at = 0
    for match in found:
        yield text[at : match.start], text[match.start : match.end], match.strength
        at = match.end


def _ablation(inspection: Inspection, chunk: Chunk) -> None:
    try:
        if not inspection.can_score:
            frame.say("No reranker that scores single texts ranks here.")
            return
        if inspection.remote and not st.button(
            "Ask the reranker", icon=":material/cloud_upload:", key="ask_ablation",
            help=f"Up to {MOST_SENTENCES + 1} pairs are sent to the reranker's provider",
        ):  # fmt: skip
            return
        with st.spinner("Scoring without each sentence…"):
            found = inspection.ablation(chunk)
    except RerankError as error:
        frame.notice(str(error), "The reranker could not be asked", "warn")
        return
    st.html(ablation_of(found, chunk.text))


def ablation_of(found: Ablation, text: str) -> Markup:
    """Return each sentence with what its removal costs as HTML, the most expensive marked."""
    about = f"{found.reranker} scores the whole passage {found.score:.3f}. "
    if found.sentences:
        about += "Each line: what it loses without that sentence (below 0 it gains)."
        if found.untried:
            untried = plural(found.untried, "sentence was", "sentences were")
            about += f" The last {untried} not tried."
    else:
        about += "It is one sentence: nothing can be left out."
    return render(
        "inspect/ablation.html",
        about=about,
        most=max((abs(one.cost) for one in found.sentences), default=0.0) or 1.0,
        rows=[
            (one.cost, _short(text[one.start : one.end]), one is found.costliest)
            for one in found.sentences
        ],
    )


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= SHORT else f"{words[: SHORT - 1].rstrip()}…"
