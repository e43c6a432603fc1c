"""What rerankers behind HTTP share: split, call side by side, retry, count, price.

A provider is described by its `Endpoint` and by how it is asked for one batch (`Ask`); everything
else is here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import Protocol

from rag.errors import ProviderError
from rag.llm.calls import persistently, side_by_side
from rag.llm.faults import Endpoint
from rag.llm.prices import rerank_cost
from rag.rerank.base import Context, Entry, Scores
from rag.settings import Settings
from rag.text.plural import plural
from rag.types import Chunk, Scalar

SEARCH = 100  # passages of one search unit
_USES = ("rerank_seconds", "rerank_retries", "rerank_concurrency", "prices")


@dataclass(frozen=True, slots=True)
class Batch:
    """A provider's reply: (index, score) pairs, and what it reports to have used, else 0."""

    scores: Sequence[tuple[int, float]]
    tokens: float = 0.0
    searches: float = 0.0


class Ask(Protocol):
    """Asks a provider for one batch."""

    def __call__(
        self, query: str, texts: Sequence[str], seconds: float, instruction: str = ""
    ) -> Batch:
        """Score the texts for a query within so many seconds; raises `ProviderError`.

        Only models that follow an instruction are given one.
        """


def follows_none(_model: str) -> bool:
    """Return that no model of a provider follows an instruction."""
    return False


def hosted_entry(
    name: str,
    model: str,
    summary: str,
    endpoint: Callable[[Settings], Endpoint],
    options: tuple[str, str],
    ask: Callable[[Endpoint, Settings], Ask],
    usual: str = "",
    limit: int = 1000,
    tokens: int = 0,
    unit: str = "relevance",
    text: Callable[[Chunk], str] = attrgetter("passage"),
    follows: Callable[[str], bool] = follows_none,
) -> Entry:
    """Return a provider's line in the table; ``usual`` is its model if ``model`` is empty.

    ``options`` are those that hold the address and the key of its ``endpoint``. One call takes at
    most ``limit`` passages and about ``tokens`` tokens, 0 for no limit. ``follows`` returns whether
    a model follows an instruction.
    """

    def server(settings: Settings) -> Endpoint:
        chosen = model or usual
        return replace(endpoint(settings), model=chosen, seconds_option="rerank_seconds")

    def build(context: Context) -> Hosted:
        settings, there = context.settings, server(context.settings)
        made = Hosted(name, there, ask(there, settings), settings, limit, tokens)
        made.follows_instruction = follows(there.model)
        return made

    return Entry(
        f"{name}:{model}" if model else name,
        summary,
        build,
        missing=lambda context: server(context.settings).missing(),
        uses=(*options, *_USES),
        remote=True,
        unit=unit,
        text=text,
    )


class Hosted:
    """A reranker behind HTTP; scores are the provider's own relevance, usually 0..1."""

    def __init__(
        self, name: str, endpoint: Endpoint, ask: Ask, settings: Settings, limit: int, tokens: int
    ) -> None:
        self._name, self._instruction = f"{name}:{endpoint.model}", ""
        self.follows_instruction = False
        self.identity = f"{self._name} {endpoint.address}"
        self._endpoint, self._ask = endpoint, ask
        self._settings, self._limit, self._tokens = settings, limit, tokens

    def instructed(self, instruction: str) -> Hosted | None:
        """Return this reranker, bound to an instruction; None if its model follows none."""
        if not self.follows_instruction:
            return None
        made = copy(self)
        made._instruction = instruction
        made.identity = f"{self.identity} {instruction}"
        return made

    def score(self, query: str, texts: Sequence[str]) -> Scores:
        """Return one relevance a text; raises `ProviderError` in plain words."""
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
        ask = partial(self._ask, query, texts, instruction=self._instruction)
        batch, tries = persistently(ask, settings.rerank_seconds, settings.rerank_retries)
        found = dict(batch.scores)
        if sorted(found) != list(range(len(texts))) or len(batch.scores) != len(texts):
            raise ProviderError(
                f"{self._endpoint} gave {plural(len(batch.scores), 'score')} for "
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
