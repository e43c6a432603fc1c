"""Whether the best passages speak of what was asked at all: from 0 to 1, from a trace.

Rerankers score in units of their own, so this does not look at their scores. It looks at the best
cosine of the dense stage among the passages that the answer is given, and at how much of the
question's words they hold between them, a word weighing more the fewer of the candidates hold it.
Both go through a logistic fit (`benchmarks/refusal.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from rag.types import Trace

Terms = Callable[[str], Iterable[str]]
# Intercept, weight of the best cosine, weight of the words held: fitted on HotpotQA and chunking.
FITTED = (-8.18, 11.18, 4.72)
# Cosines of other encoders lie elsewhere.
FITTED_FOR = "all-MiniLM-L6-v2"


def relevance(trace: Trace, terms: Terms) -> float | None:
    """Return how likely it is that the evidence answers, None where it cannot be told.

    That is where dense retrieval did not run, or with another encoder than the fit was made with.
    ``terms`` are a text's words as BM25 sees them.
    """
    cosine, held = features(trace, terms)
    if cosine is None or trace.settings.get("encoder", FITTED_FOR) != FITTED_FOR:
        return None
    bias, of_cosine, of_held = FITTED
    return 1 / (1 + math.exp(-(bias + of_cosine * cosine + of_held * held)))


def features(trace: Trace, terms: Terms) -> tuple[float | None, float]:
    """Return the best cosine among the evidence, and the share of the question's words it holds."""
    evidence = {hit.chunk.id for hit in trace.evidence}
    dense = trace.stage("dense")
    if dense is None or dense.fell_back or not evidence:
        return None, 0.0
    lowest = min((hit.score for hit in dense.hits), default=0.0)
    cosine = max((hit.score for hit in dense.hits if hit.chunk.id in evidence), default=lowest)
    return cosine, held_share(trace, evidence, terms)


def held_share(trace: Trace, evidence: set[str], terms: Terms) -> float:
    """Return the weight of the question's words in the evidence, as a share of all of them."""
    asked = set(terms(trace.question))
    pool = {hit.chunk.id: hit.chunk for stage in trace.stages for hit in stage.hits}
    held = {key: asked & set(terms(chunk.passage)) for key, chunk in pool.items()}
    weights = {
        word: _weight(sum(word in words for words in held.values()), len(pool)) for word in asked
    }
    total = sum(weights.values())
    found = set().union(*(held[key] for key in evidence if key in held))
    return sum(weights[word] for word in found) / total if total else 1.0


def _weight(holders: int, candidates: int) -> float:
    """Return BM25's weight of a word, over the candidates instead of the library."""
    return math.log(1 + (candidates - holders + 0.5) / (holders + 0.5))
