"""What a cross-encoder is: a question and a passage read together, one logit a pair.

If a pair is too long the passage is cut, never the question, so that every passage of a pool is
judged against the same words. `rag.models.load` loads one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.models.reading import Reading

QueryTexts = tuple[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Judged:
    """Logits of a question with each passage, and how much of the passages was read.

    ``tokens_read`` and ``tokens_total`` count the passages' tokens, special tokens left out.
    """

    logits: tuple[float, ...]
    tokens_read: int
    tokens_total: int


class CrossModel(Protocol):
    """Judges pairs. Several threads may use one model at once."""

    name: str
    revision: str
    max_tokens: int
    engine: str

    def judge(self, pools: Sequence[QueryTexts]) -> list[Judged]:
        """Return the logits of each (query, texts), from one pass over all pairs.

        Raises `ModelError` if a query leaves no room for a passage.
        """

    def reading(self, query: str, texts: Sequence[str]) -> list[Reading]:
        """Return how much of each text is read beside the query; runs no model."""
