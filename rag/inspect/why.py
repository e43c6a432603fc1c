"""Why a passage scored as it did: three answers of different kinds, each named as what it is.

`terms` takes BM25 apart exactly. `heat` attributes by similarity: near tokens, not a share of the
score. `ablation` takes sentences away and scores again: what the score loses, one at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.errors import RerankError
from rag.inspect.places import alone
from rag.pipeline import Pipeline
from rag.rerank.base import Entry
from rag.rerank.late_interaction import LateInteraction, TokenMatch
from rag.retrieve.filters import scope_of
from rag.text.passages import parts
from rag.types import Candidate, Chunk

MOST_SENTENCES = 24
_AROUND = ".,;:!?\"'()"


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the question: the word that it stands for, and what it adds to the score.

    One that half of all passages hold adds 0 although it is ``there``.
    """

    term: str
    word: str
    adds: float
    there: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """BM25 term by term, the largest first; ``score`` is the index's own, which they sum to."""

    terms: tuple[Term, ...]
    score: float

    @property
    def total(self) -> float:
        """The sum of what the terms add."""
        return sum(term.adds for term in self.terms)


@dataclass(frozen=True, slots=True)
class Without:
    """Characters ``start`` to ``end`` of a passage's text, and what leaving them out costs."""

    start: int
    end: int
    cost: float


@dataclass(frozen=True, slots=True)
class Ablation:
    """A reranker's score of a passage, and what each sentence's removal costs it.

    ``untried`` sentences came after the first `MOST_SENTENCES`.
    """

    reranker: str
    score: float
    sentences: tuple[Without, ...]
    untried: int = 0

    @property
    def costliest(self) -> Without | None:
        """The sentence whose removal costs most; None if none costs anything."""
        best = max(self.sentences, key=lambda one: one.cost, default=None)
        return best if best and best.cost > 0 else None


def terms(pipeline: Pipeline, question: str, chunk: Chunk) -> Terms:
    """Return what each of the question's terms adds to the passage's BM25 score."""
    index = pipeline.index
    scope = scope_of(pipeline.asked_within, index)
    among = scope.among if scope else None
    words = {
        term: word
        for word in reversed(question.split())
        for group in index.lexical.groups(word, among)
        for term in group
    }
    adds = index.lexical.explain(question, chunk.id, among)
    groups = index.lexical.groups(question, among)
    looked_for = [next((term for term in group if term in adds), group[0]) for group in groups]
    made = [
        Term(term, words.get(term, term).strip(_AROUND), adds.get(term, 0.0), term in adds)
        for term in dict.fromkeys([*looked_for, *adds])
    ]
    (score,) = index.lexical.score(question, [chunk.id], among)
    return Terms(tuple(sorted(made, key=lambda one: -one.adds)), score)


def heat(pipeline: Pipeline, question: str, chunk: Chunk) -> list[TokenMatch]:
    """Return each token of ``chunk.passage`` with its best cosine to a token of the question."""
    return LateInteraction(pipeline.encoder).explain(question, chunk.passage)


def scorer(pipeline: Pipeline) -> Entry | None:
    """Return the single reranker that scores single texts; None if there is none.

    A list-wise one gives orders, not scores. Raises `RerankError` if one cannot run here.
    """
    parts = [
        entry
        for entry, reranker in pipeline.reranker_parts()
        if reranker is not None and not getattr(reranker, "listwise", False)
    ]
    return parts[-1] if parts else None


def ablation(pipeline: Pipeline, question: str, chunk: Chunk) -> Ablation:
    """Score the passage without each of its sentences; `Ablation` has what that costs.

    All in one call of the reranker, within its deadline ``rerank_seconds``. A passage of one
    sentence has none to leave out. Raises `RerankError` if nothing that scores texts can run.
    """
    entry = scorer(pipeline)
    if entry is None:
        raise RerankError("no reranker that scores single texts ranks here")
    found = [(one.start, one.end) for one in parts(chunk.text)]
    tried = found[:MOST_SENTENCES] if len(found) > 1 else []
    variants = [chunk, *(_without(chunk, number, *span) for number, span in enumerate(tried))]
    whole, *rest = _scores(alone(pipeline, reranker=entry.name), question, variants)
    costs = [Without(*span, whole - score) for span, score in zip(tried, rest, strict=True)]
    return Ablation(entry.name, whole, tuple(costs), len(found) - len(tried) if tried else 0)


def _scores(pipeline: Pipeline, question: str, chunks: Sequence[Chunk]) -> list[float]:
    stage = pipeline.rerank(question, [Candidate(chunk, 0.0, 0.0, 0.0) for chunk in chunks])
    if stage.fell_back:
        raise RerankError(stage.note)
    found = {hit.chunk.id: hit.score for hit in stage.hits}
    return [found[chunk.id] for chunk in chunks]


def _without(chunk: Chunk, number: int, start: int, end: int) -> Chunk:
    text = chunk.text[:start].rstrip() + " " + chunk.text[end:].lstrip()
    return replace(chunk, id=f"{chunk.id} without {number}", text=text.strip())
