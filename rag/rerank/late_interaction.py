"""Late interaction over an encoder's own token vectors: a reranker without weights of its own.

MaxSim as in ColBERT (Khattab and Zaharia, 2020), averaged: the mean over the question's tokens of
the best cosine with any token of the passage, special tokens left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.models.batching import batcher_for
from rag.models.encoder import Encoder, Reading
from rag.models.token_codes import token_codes
from rag.rerank.base import Scores

Matrix = NDArray[np.float32]
Kept = Callable[[Sequence[str]], list[bytes | None]]


@dataclass(frozen=True, slots=True)
class TokenMatch:
    """A token of a passage: its characters ``start:end`` and its best cosine with the question."""

    start: int
    end: int
    strength: float


class LateInteraction:
    """Scores are mean cosines, -1..1; a passage or a question without tokens scores 0.

    Passages whose token vectors were kept at ingest are not encoded again.
    """

    def __init__(self, encoder: Encoder, kept: Kept | None = None) -> None:
        self._encoder = encoder
        self._kept = kept
        self._together = batcher_for(encoder.engine, encoder.encode_tokens)
        # A score from kept vectors costs less than to look it up on disk.
        how = f"{encoder.name} {encoder.revision} {encoder.engine}"
        self.identity = "" if kept else f"late-interaction {how}"

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return one score a text, higher is better."""
        return self.score_many([(query, texts)])[0]

    def score_many(self, pools: Sequence[tuple[str, Sequence[str]]]) -> list[list[float]]:
        """Return the scores of several questions' texts; a text of several is read once."""
        texts = list(dict.fromkeys(text for _, texts in pools for text in texts))
        if not texts:
            return [[] for _ in pools]
        queries = self._encoder.encode_tokens([query for query, _ in pools])
        packed = self._packed(texts)
        rest = [text for text in texts if text not in packed]
        fresh = dict(zip(rest, self._together(rest), strict=True))
        return [
            self._scores(query, own, packed, fresh)
            for query, (_, own) in zip(queries, pools, strict=True)
        ]

    def cosines(self, query: str, texts: Sequence[str]) -> list[Matrix]:
        """Return each text's cosines, (tokens of the question, tokens of the text)."""
        question = self._encoder.encode_tokens([query])[0]
        packed = self._packed(list(dict.fromkeys(texts)))
        rest = [text for text in dict.fromkeys(texts) if text not in packed]
        codes = token_codes(question.shape[1])
        rows, counts = codes.unpack(list(packed.values()))
        ends = np.cumsum(counts)[:-1]
        found = dict(
            zip(packed, np.split(codes.turn(question) @ rows.T, ends, axis=1), strict=False)
        )
        fresh = zip(rest, self._together(rest), strict=True)
        found |= {text: question @ tokens.T for text, tokens in fresh}
        return [found[text] for text in texts]

    def _packed(self, texts: Sequence[str]) -> dict[str, bytes]:
        found = self._kept(texts) if self._kept else []
        return {text: codes for text, codes in zip(texts, found, strict=False) if codes is not None}

    def _scores(
        self,
        query: Matrix,
        texts: Sequence[str],
        packed: Mapping[str, bytes],
        fresh: Mapping[str, Matrix],
    ) -> Scores:
        kept = list(dict.fromkeys(text for text in texts if text in packed))
        rest = list(dict.fromkeys(text for text in texts if text in fresh))
        codes = token_codes(query.shape[1])
        turned, counts = codes.unpack([packed[text] for text in kept])
        scores = dict(zip(kept, max_sim(codes.turn(query), turned, counts), strict=True))
        rows = [fresh[text] for text in rest]
        joined = np.concatenate([query[:0], *rows])
        scores |= zip(rest, max_sim(query, joined, [len(row) for row in rows]), strict=True)
        about = {"kept_passages": len(kept)} if self._kept else {}
        return Scores((scores[text] for text in texts), about)

    def coverage(self, texts: Sequence[str]) -> float:
        """Return how much of the texts the encoder's vocabulary knows as words, 0.1 to 1."""
        return self._encoder.coverage(texts)

    def reading(self, query: str, texts: Sequence[str]) -> list[Reading]:
        """Return how much of each text has token vectors; the question is read apart from it."""
        limit = self._encoder.max_tokens
        totals = self._encoder.count_tokens(texts)
        read = [len(self._encoder.token_spans(text)) for text in texts]
        return [Reading(min(r, t), t, 0, limit) for r, t in zip(read, totals, strict=True)]

    def explain(self, query: str, text: str) -> list[TokenMatch]:
        """Return how well each token of a text matches its nearest token of the question."""
        question, tokens = (self._encoder.encode_tokens([one])[0] for one in (query, text))
        if not len(question) or not len(tokens):
            return []
        strengths = (tokens @ question.T).max(axis=1)
        spans = self._encoder.token_spans(text)
        pairs = zip(spans, strengths, strict=True)
        return [TokenMatch(start, end, float(strength)) for (start, end), strength in pairs]


def max_sim(question: Matrix, rows: Matrix, counts: Sequence[int]) -> list[float]:
    """Return the mean over rows of ``question`` of the best dot product with a row of each passage.

    ``rows`` are those of all passages one after the other, ``counts`` how many each one has.
    """
    sizes = np.array(counts, dtype=np.intp)
    scores = np.zeros(len(sizes), dtype=np.float32)
    filled = sizes > 0
    if len(question) and filled.any():
        starts = np.cumsum(sizes) - sizes
        best = np.maximum.reduceat(question @ rows.T, starts[filled], axis=1)
        scores[filled] = best.mean(axis=0)
    return [float(score) for score in scores]
