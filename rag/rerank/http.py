"""Post questions and passages as JSON, and read scores, whatever the service calls them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from rag.llm.faults import Endpoint, Failure, lost, refusal
from rag.llm.wire import Wire
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


class Poster:
    """Posts JSON and reads JSON; one pool of connections, safe for several threads."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        self._client = httpx.Client(**Wire().options(endpoint))

    def post(self, path: str, body: Mapping[str, Any], seconds: float) -> Any:
        """Return the decoded reply; raises `ProviderError`. ``seconds`` bound a slow body too."""
        ends = time.monotonic() + seconds
        url = self._endpoint.address.rstrip("/") + path
        try:
            with self._client.stream(
                "POST", url, json=body, headers=self._headers, timeout=max(0.01, seconds)
            ) as response:
                raw = _read(response, ends)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise self._endpoint.error(lost(error), seconds) from None
        try:
            reply = json.loads(raw)
        except ValueError:
            reply = raw.decode("utf-8", "replace")
        if not response.is_success:
            raise self._endpoint.error(refusal(response.status_code, reply, response.headers))
        if isinstance(reply, str):
            raise self._endpoint.error(Failure("protocol", reply))
        return reply


def _read(response: httpx.Response, ends: float) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if time.monotonic() > ends:
            raise TimeoutError
    return bytes(body)


def _pairs(endpoint: Endpoint, results: Any, score: str) -> list[tuple[int, float]]:
    """Return (index, score) of each result; raises `ProviderError` if they are something else."""
    try:
        return [(int(one["index"]), float(one[score])) for one in results]
    except (TypeError, KeyError, ValueError, IndexError):
        raise endpoint.error(Failure("protocol", str(results)[:300])) from None


def _tokens(usage: Any) -> float:
    total = usage.get("total_tokens") if isinstance(usage, dict) else 0
    return float(total) if isinstance(total, int | float) else 0.0
