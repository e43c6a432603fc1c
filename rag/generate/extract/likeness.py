"""How near pieces of passages come to a question, by the encoder's token vectors.

Passages are encoded whole, so that a sentence's tokens know what its pronouns stand for; those
whose token vectors were kept at ingest are not encoded again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from rag.generate.extract.units import Unit
from rag.models.encoder import Encoder, Matrix
from rag.models.token_codes import token_codes

Kept = Callable[[Sequence[str]], list[bytes | None]]


class TokenLikeness:
    """Cosine and MaxSim of units with a question."""

    def __init__(self, encoder: Encoder, kept: Kept | None = None) -> None:
        self._encoder = encoder
        self._kept = kept

    def __call__(self, question: str, found: Sequence[Unit]) -> list[tuple[float, float]]:
        """Return each unit's cosine and MaxSim; reads only passages that have one."""
        asked = self._encoder.encode_query(question)
        turned = token_codes(len(asked)).turn(asked[None])[0]
        passages = {unit.number: unit.chunk.passage for unit in found}
        words, *rows = self._tokens(question, list(passages.values()))
        tokens = dict(zip(passages, rows, strict=True))
        spans = {n: self._encoder.token_spans(passage) for n, passage in passages.items()}
        pairs = []
        for unit in found:
            own = tokens[unit.number]
            start, end = np.array(spans[unit.number][: len(own)]).reshape(-1, 2).T
            offset = len(passages[unit.number]) - len(unit.chunk.text)
            inside = own[(start >= unit.part.start + offset) & (end <= unit.part.end + offset)]
            pairs.append((cosine(turned, inside), maxsim(words, inside)))
        return pairs

    def _tokens(self, question: str, passages: Sequence[str]) -> list[Matrix]:
        """Return the tokens of the question and of each passage, turned as codes keep them."""
        kept = self._kept(passages) if self._kept else [None] * len(passages)
        rest = [passage for passage, packed in zip(passages, kept, strict=True) if packed is None]
        asked, *fresh = self._encoder.encode_tokens([question, *rest])
        codes = token_codes(asked.shape[1])
        encoded = iter(fresh)
        rows = (
            codes.turn(next(encoded)) if packed is None else codes.unpack([packed])[0]
            for packed in kept
        )
        return [codes.turn(asked), *rows]


def cosine(question: Matrix, tokens: Matrix) -> float:
    """Return the cosine of the question's vector with the mean of a sentence's tokens."""
    total = tokens.sum(axis=0)  # of the mean's direction
    return float(total @ question) / max(float(np.linalg.norm(total)), 1e-9)


def maxsim(question: Matrix, tokens: Matrix) -> float:
    """Return the mean over the question's tokens of the best cosine with a sentence's token."""
    if not len(question) or not len(tokens):
        return 0.0
    return float((question @ tokens.T).max(axis=1).mean())
