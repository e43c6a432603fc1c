"""Rerank with a cross-encoder."""

from __future__ import annotations

from collections.abc import Sequence

from rag.errors import ModelError, RerankError
from rag.models.cross import CrossModel, Judged


class CrossEncoder:
    """Scores are the model's logits; `judge` gives probabilities and what was truncated."""

    def __init__(self, model: CrossModel) -> None:
        self.model = model

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return one logit a text, higher is better."""
        return list(self.judge(query, texts).logits)

    def judge(self, query: str, texts: Sequence[str]) -> Judged:
        """Return logits, probabilities, and the tokens read of the tokens there are.

        Raises `RerankError` where the model cannot read the question or fails.
        """
        if not texts:
            return Judged((), 0, 0)
        try:
            return self.model.judge(query, texts)
        except ModelError as error:
            raise RerankError(f"{self.model.name}: {error}") from error
