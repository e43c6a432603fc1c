"""Late interaction over an encoder's own token vectors: a reranker without weights of its own.

MaxSim as in ColBERT (Khattab and Zaharia, 2020), averaged: the mean over the question's tokens of
the best cosine with any token of the passage, special tokens left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.models.encoder import Encoder

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TokenMatch:
    """A token of a passage: its characters ``start:end`` and its best cosine with the question."""

    start: int
    end: int
    strength: float


class LateInteraction:
    """Scores are mean cosines, -1..1; a passage or a question without tokens scores 0."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.identity = f"late-interaction {encoder.name} {encoder.revision} {encoder.engine}"

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return one score a text, higher is better."""
        return self.score_many([(query, texts)])[0]

    def score_many(self, asked: Sequence[tuple[str, Sequence[str]]]) -> list[list[float]]:
        """Return the scores of several questions' texts; a text of several is read once."""
        texts = list(dict.fromkeys(text for _, texts in asked for text in texts))
        if not texts:
            return [[] for _ in asked]
        queries = self._encoder.encode_tokens([query for query, _ in asked])
        rows = dict(zip(texts, self._encoder.encode_tokens(texts), strict=True))
        return [
            max_sim(query, [rows[text] for text in own])
            for query, (_, own) in zip(queries, asked, strict=True)
        ]

    def explain(self, query: str, text: str) -> list[TokenMatch]:
        """Return how well each token of a text matches its nearest token of the question."""
        asked, tokens = (self._encoder.encode_tokens([one])[0] for one in (query, text))
        if not len(asked) or not len(tokens):
            return []
        strengths = (tokens @ asked.T).max(axis=1)
        spans = self._encoder.token_spans(text)
        pairs = zip(spans, strengths, strict=True)
        return [TokenMatch(start, end, float(strength)) for (start, end), strength in pairs]


def max_sim(asked: Matrix, passages: Sequence[Matrix]) -> list[float]:
    """Return the mean over rows of ``asked`` of the best dot product with a row of each passage."""
    scores = np.zeros(len(passages), dtype=np.float32)
    filled = [i for i, rows in enumerate(passages) if len(rows)]
    if len(asked) and filled:
        cosines = asked @ np.concatenate([passages[i] for i in filled]).T
        starts = np.cumsum([0] + [len(passages[i]) for i in filled[:-1]])
        scores[filled] = np.maximum.reduceat(cosines, starts, axis=1).mean(axis=0)
    return [float(score) for score in scores]
