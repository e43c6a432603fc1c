"""First-stage scores of texts that are in no library, for rerankers that blend them.

BM25 as Lucene has it (its idf is never negative): among a handful of texts most words are in more
than half of them, and BM25Okapi's negative weights would turn the order around.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from rag.store.analyse import analyser
from rag.store.lexical import K1, B
from rag.text.language import stemming_of
from rag.types import Candidate, Chunk

_SAMPLE = 1000  # characters of each text that show its language


def candidates(question: str, texts: Sequence[str]) -> list[Candidate]:
    """Return texts as a pool in their own order; a chunk's id is the text's place, from 0.

    Each has its BM25 score among these texts and no dense score: encoding them costs as much as
    late interaction, and the blend gains nothing from it (``python -m benchmarks.given``).
    """
    scores = bm25(question, texts) if texts else []
    return [
        Candidate(Chunk(str(place), "", 0, len(text), text), 0.0, score, -float(place))
        for place, (text, score) in enumerate(zip(texts, scores, strict=True))
    ]


def bm25(question: str, texts: Sequence[str]) -> list[float]:
    """Return each text's BM25 score (Lucene's variant), with the word counts of these texts."""
    terms_of = analyser(stemming_of(" ".join(text[:_SAMPLE] for text in texts)))
    asked = set(terms_of(question))
    counts = [Counter(terms_of(text)) for text in texts]
    lengths = [count.total() for count in counts]
    mean = sum(lengths) / len(texts) or 1.0
    within = Counter(term for count in counts for term in asked & count.keys())
    scores = []
    for count, length in zip(counts, lengths, strict=True):
        score = 0.0
        for term in asked & count.keys():
            idf = math.log1p((len(texts) - within[term] + 0.5) / (within[term] + 0.5))
            times = count[term]
            score += idf * times * (K1 + 1) / (times + K1 * (1 - B + B * length / mean))
        scores.append(score)
    return scores
