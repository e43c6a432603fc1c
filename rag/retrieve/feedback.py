"""Pseudo-relevance feedback: the question, taken further by the passages that it found first.

For BM25 the words that tell the first passages from all others are put behind the question, after
RM3 (Abdul-Jaleel et al., "UMass at TREC 2004") with BM25's own weight of a word in a passage in
place of a language model's. For dense retrieval the question's vector moves towards theirs
(Rocchio, 1971). Needs no model and no network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.retrieve.first_stage import Query
from rag.store.analyse import Analyser
from rag.store.lexical import Population
from rag.store.protocol import Store
from rag.text.words import COMPOUND
from rag.types import Hit

Vector = NDArray[np.float32]

QUESTION_TIMES = 2  # how often the question's own words count beside the new ones
TOWARDS = 0.5  # weight of the passages' mean vector beside the question's


def feedback(
    question: Query,
    hits: Sequence[Hit],
    index: Store,
    analyse: Analyser,
    passages: int,
    words: int,
    among: Population | None = None,
) -> Query:
    """Return the query that the best ``passages`` of ``hits`` make of the question.

    ``among`` are the chunks that BM25 counts over.
    """
    used = hits[:passages]
    new = telling_words(question.words, used, index, analyse, among)[:words]
    text = " ".join([*[question.words] * QUESTION_TIMES, *new])
    vector = _towards(question.vector(), used, index)
    return Query(text, lambda: vector)


def telling_words(
    question: str,
    hits: Sequence[Hit],
    index: Store,
    analyse: Analyser,
    among: Population | None = None,
) -> list[str]:
    """Return the words of passages that the question lacks, the most telling first.

    A word counts with its BM25 weight in each passage, divided by the passage's rank. Words with
    one stem are one word.
    """
    known = set(analyse(question))
    weights: dict[str, float] = defaultdict(float)
    spelt: dict[str, str] = {}
    for hit in hits:
        words = dict.fromkeys(COMPOUND.findall(hit.chunk.passage))
        for word in words:
            for term in analyse(word)[:1]:
                spelt.setdefault(term, word)
        once = " ".join({term: word for word in words for term in analyse(word)[:1]}.values())
        for term, weight in index.lexical.explain(once, hit.chunk.id, among).items():
            weights[term] += weight / hit.rank
    best = sorted(weights, key=lambda term: -weights[term])
    return [spelt[term] for term in best if term in spelt and term not in known]


def _towards(vector: Vector, hits: Sequence[Hit], index: Store) -> Vector:
    stored = index.catalogue.vectors([hit.chunk.id for hit in hits])
    if not stored:
        return vector
    return moved(vector, np.mean(list(stored.values()), axis=0), TOWARDS)


def moved(vector: Vector, other: Vector, weight: float) -> Vector:
    """Return the unit vector in the direction of ``vector + weight * other``."""
    made = vector + weight * other
    length = float(np.linalg.norm(made))
    unit: Vector = (made / length if length > 0 else vector).astype(np.float32)
    return unit
