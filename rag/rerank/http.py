"""Post questions and passages as JSON, and read scores, whatever the service calls them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rag.llm.faults import Endpoint, Failure
from rag.llm.posting import Poster
from rag.rerank.hosted import Ask, Batch
from rag.settings import Settings

Body = Callable[[str, Sequence[str], str], dict[str, Any]]


def documents(query: str, texts: Sequence[str], _instruction: str) -> dict[str, Any]:
    """Return a question and its passages as Cohere, Jina and most others want them."""
    return {"query": query, "documents": list(texts)}


@dataclass(frozen=True, slots=True)
class RerankProtocol:
    """How a service is asked and answers.

    ``body`` writes (query, texts, instruction), to which the model is added. The scores are in a
    list under the key ``results``, or the whole reply if that is empty, each under ``score``.
    """

    path: str | Callable[[Endpoint], str] = "/rerank"
    body: Body = documents
    results: str = "results"
    score: str = "relevance_score"

    def asking(self, endpoint: Endpoint, _settings: Settings) -> Ask:
        """Return what asks a server in this protocol."""
        poster = Poster(endpoint)
        model = {"model": endpoint.model} if endpoint.model else {}
        path = self.path if isinstance(self.path, str) else self.path(endpoint)

        def ask(query: str, texts: Sequence[str], seconds: float, instruction: str = "") -> Batch:
            reply = poster.post(path, self.body(query, texts, instruction) | model, seconds)
            held = reply if isinstance(reply, dict) else {}
            found = held.get(self.results) if self.results else reply
            return Batch(_pairs(endpoint, found, self.score), _tokens(held.get("usage") or held))

        return ask


def _pairs(endpoint: Endpoint, results: Any, score: str) -> list[tuple[int, float]]:
    """Return (index, score) of each result; raises `ProviderError` if they are something else."""
    try:
        return [(int(one["index"]), float(one[score])) for one in results]
    except (TypeError, KeyError, ValueError, IndexError):
        raise endpoint.error(Failure("protocol", str(results)[:300])) from None


def _tokens(usage: Any) -> float:
    total = usage.get("total_tokens") if isinstance(usage, dict) else 0
    return float(total) if isinstance(total, int | float) else 0.0
