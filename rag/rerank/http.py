"""Jina, Voyage, Cohere-like servers (vLLM, Infinity) and Text Embeddings Inference, over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from rag.llm.faults import Endpoint, Failure, lost, refusal
from rag.llm.wire import Wire
from rag.rerank.base import Entry
from rag.rerank.hosted import Ask, Batch, hosted_entry
from rag.settings import Settings
from rag.settings.keys import KEYS

JINA, VOYAGE = "jina-reranker-v2-base-multilingual", "rerank-2.5"
TEI_LIMIT = 32  # --max-client-batch-size of a server that was started without options


def jina(model: str = "") -> Entry:
    """Return the line for Jina's API; https://jina.ai/reranker describes its protocol."""
    summary = f"Jina's hosted rerankers ({model or JINA})."
    server = _server("Jina", "jina_api_key")
    return hosted_entry("jina", model, summary, *server, _asking("results"), JINA)


def voyage(model: str = "") -> Entry:
    """Return the line for Voyage's API; https://docs.voyageai.com/docs/reranker has its limits."""
    summary = f"Voyage's hosted rerankers ({model or VOYAGE})."
    server = _server("Voyage", "voyage_api_key")
    return hosted_entry("voyage", model, summary, *server, _asking("data"), VOYAGE, tokens=500_000)


def rerank_server(model: str = "") -> Entry:
    """Return the line for any server with a Cohere- or Jina-like ``/rerank``."""
    summary = "Your own server with a Cohere- or Jina-like /rerank (vLLM, Infinity, LiteLLM)."
    server = _server("The rerank server", "rerank_server_key")
    return hosted_entry("rerank-server", model, summary, *server, _asking("results"))


def tei() -> Entry:
    """Return the line for Text Embeddings Inference."""
    summary = "Your own Text Embeddings Inference server."
    server = _server("Text Embeddings Inference", "tei_key")
    ask = _asking("", "score", "texts", raw_scores=False, truncate=True)
    return hosted_entry("tei", "", summary, *server, ask, limit=TEI_LIMIT, unit="probability")


def _server(name: str, key_option: str) -> tuple[Callable[[Settings], Endpoint], tuple[str, str]]:
    """Return what makes an endpoint of the settings, and the options of its address and key."""

    def endpoint(settings: Settings) -> Endpoint:
        return Endpoint.of(settings, key_option, name)

    return endpoint, (KEYS[key_option].option, key_option)


def _asking(
    results: str, score: str = "relevance_score", texts_as: str = "documents", **more: Any
) -> Callable[[Endpoint, Settings], Ask]:
    """Return what asks a server whose scores are in a list under the key ``results``.

    The list is the whole reply if ``results`` is empty. ``more`` is sent with every question.
    """

    def asking(endpoint: Endpoint, _settings: Settings) -> Ask:
        poster = Poster(endpoint)
        model = {"model": endpoint.model} if endpoint.model else {}

        def ask(query: str, texts: Sequence[str], seconds: float) -> Batch:
            body = {"query": query, texts_as: list(texts), **model, **more}
            reply = poster.post("/rerank", body, seconds)
            held = reply if isinstance(reply, dict) else {}
            found = held.get(results) if results else reply
            return Batch(_pairs(endpoint, found, score), _tokens(held.get("usage")))

        return ask

    return asking


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
