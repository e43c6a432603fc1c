"""What a cross-encoder is: a question and a passage read together, one logit a pair.

If a pair is too long the passage is cut, never the question, so that every passage of a pool is
judged against the same words. `rag.models.load` loads one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from rag.errors import ModelError
from rag.models.batching import Batcher, batcher_for
from rag.models.encoder import Reading

QueryTexts = tuple[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Judged:
    """Logits of a question with each passage, and how much of the passages was read.

    ``tokens_read`` and ``tokens_total`` count the passages' tokens, special tokens left out.
    """

    logits: tuple[float, ...]
    tokens_read: int
    tokens_total: int


class CrossModel(ABC):
    """Judges pairs. Several threads may use one model at once.

    ``follows_instruction``: an instruction beside the question changes what it looks for; other
    models ignore one. An engine implements `_cut`, which gives a pair for each text and how much of
    the text is in it, and `_logits` of such pairs.
    """

    name: str
    revision: str
    max_tokens: int
    engine: str
    follows_instruction = False

    def judge(self, pools: Sequence[QueryTexts], instruction: str = "") -> list[Judged]:
        """Return the logits of each (query, texts), from few passes over all pairs.

        Pairs of other threads' calls share them. Raises `ModelError` if a query leaves no room for
        a passage.
        """
        cut = [self._cut(query, texts, instruction) if texts else [] for query, texts in pools]
        logits = iter(self._together([pair for rows in cut for pair, _ in rows]))
        return [
            Judged(
                tuple(islice(logits, len(rows))),
                sum(reading.read for _, reading in rows),
                sum(reading.total for _, reading in rows),
            )
            for rows in cut
        ]

    @cached_property
    def _together(self) -> Batcher[Any, float]:
        return batcher_for(self.engine, self._logits)

    def reading(self, query: str, texts: Sequence[str], instruction: str = "") -> list[Reading]:
        """Return how much of each text is read beside the query; runs no model."""
        return [read for _, read in self._cut(query, texts, instruction)] if texts else []

    @abstractmethod
    def coverage(self, texts: Sequence[str]) -> float:
        """Return how much of the texts its vocabulary knows as words, 0.1 to 1."""

    @abstractmethod
    def _cut(
        self, query: str, texts: Sequence[str], instruction: str = ""
    ) -> list[tuple[Any, Reading]]: ...

    @abstractmethod
    def _logits(self, pairs: Sequence[Any]) -> Sequence[float]: ...

    def _room(self, question: int, around: int) -> int:
        """Return the passage's tokens beside those of the question and ``around`` special ones."""
        room = self.max_tokens - question - around
        if room < 1:
            raise ModelError(
                f"the question has {question} tokens, and {self.name} reads {self.max_tokens} of "
                "question and passage together; shorten the question"
            )
        return room
