"""What rerankers behind HTTP share: split, call side by side, retry, count, price.

A provider is described by how it is asked for one batch (`Ask`); everything else is here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rag.llm.prices import rerank_cost
from rag.llm.remote import Fault, Server, persistently, side_by_side
from rag.rerank.base import Scores
from rag.settings import Settings
from rag.text.plural import plural
from rag.types import Scalar

SEARCH = 100  # passages of one search unit


@dataclass(frozen=True, slots=True)
class Batch:
    """A provider's answer: (index, score) pairs, and what it says it used, 0 where it is silent."""

    scores: Sequence[tuple[int, float]]
    tokens: float = 0.0
    searches: float = 0.0


Ask = Callable[[str, Sequence[str], float], Batch]


class Hosted:
    """A reranker behind HTTP; scores are the provider's own relevance, usually 0..1."""

    def __init__(
        self, name: str, server: Server, ask: Ask, settings: Settings, limit: int, tokens: int = 0
    ) -> None:
        """``name`` is the priced name; a call takes ``limit`` passages and about ``tokens``."""
        self.identity = f"{name} {server.url}"
        self._name, self._server, self._ask = name, server, ask
        self._settings, self._limit, self._tokens = settings, limit, tokens

    def score(self, query: str, texts: Sequence[str]) -> Scores:
        """Return one relevance a text; raises `Fault` in plain words."""
        if not texts:
            return Scores([])
        batches = list(self._batches(query, texts))
        calls = [partial(self._called, query, texts[start:end]) for start, end in batches]
        answers = side_by_side(calls, self._settings.rerank_concurrency)
        scores = [score for values, _, _ in answers for score in values]
        details: dict[str, Scalar] = {
            "calls": len(answers),
            "retries": sum(tries for _, _, tries in answers),
        }
        return Scores(scores, details | self._usage([batch for _, batch, _ in answers], batches))

    def _called(self, query: str, texts: Sequence[str]) -> tuple[list[float], Batch, int]:
        settings = self._settings
        batch, tries = persistently(
            lambda seconds: self._ask(query, texts, seconds),
            settings.rerank_seconds,
            settings.rerank_retries,
        )
        found = dict(batch.scores)
        if sorted(found) != list(range(len(texts))) or len(batch.scores) != len(texts):
            raise Fault(
                f"{self._server.name} gave {plural(len(batch.scores), 'score')} for "
                f"{plural(len(texts), 'passage')}"
            )
        return [found[row] for row in range(len(texts))], batch, tries

    def _batches(self, query: str, texts: Sequence[str]) -> list[tuple[int, int]]:
        """Return (start, end) of calls that keep to the provider's limits, tokens estimated."""
        batches, start, used = [], 0, 0.0
        for row, text in enumerate(texts):
            cost = (len(query) + len(text)) / 3
            full = row - start >= self._limit or (self._tokens and used + cost > self._tokens)
            if full and row > start:
                batches.append((start, row))
                start, used = row, 0.0
            used += cost
        return [*batches, (start, len(texts))]

    def _usage(
        self, answers: Sequence[Batch], batches: Sequence[tuple[int, int]]
    ) -> dict[str, Scalar]:
        tokens = sum(batch.tokens for batch in answers)
        counted = sum(math.ceil((end - start) / SEARCH) for start, end in batches)
        searches = sum(batch.searches for batch in answers) or counted
        cost = rerank_cost(self._settings, self._name, searches, tokens)
        used: dict[str, Scalar] = {"tokens": int(tokens)} if tokens else {}
        return used if cost is None else {**used, "cost_usd": cost}


def pairs(server: Server, results: Any, score_name: str) -> list[tuple[int, float]]:
    """Return (index, score) of each result; raises `Fault` where they are something else."""
    try:
        return [(int(one["index"]), float(one[score_name])) for one in results]
    except (TypeError, KeyError, ValueError, IndexError) as error:
        raise server.nonsense(f"{type(error).__name__} {error} in {str(results)[:200]}") from None
