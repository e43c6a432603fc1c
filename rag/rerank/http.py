"""Jina, Voyage, Cohere-like servers (vLLM, Infinity) and Text Embeddings Inference, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rag.llm.remote import Poster, Server
from rag.rerank.base import Context, Entry, Reranker
from rag.rerank.hosted import Batch, Hosted, pairs

JINA, VOYAGE = "jina-reranker-v2-base-multilingual", "rerank-2.5"
TEI_LIMIT = 32  # --max-client-batch-size of a server that was started without options


def jina(model: str = "") -> Entry:
    """Return the line for Jina's API; https://jina.ai/reranker describes its protocol."""
    return _keyed("jina", model or JINA, "Jina's hosted rerankers", bool(model), _results, 1000)


def voyage(model: str = "") -> Entry:
    """Return the line for Voyage's API; https://docs.voyageai.com/docs/reranker has its limits."""
    return _keyed(
        "voyage", model or VOYAGE, "Voyage's hosted rerankers", bool(model), _data, 1000, 500_000
    )


def rerank_server(model: str = "") -> Entry:
    """Return the line for any server with a Cohere- or Jina-like ``/rerank``."""

    def build(context: Context) -> Reranker:
        settings = context.settings
        server = Server(
            "The rerank server",
            settings.rerank_server_url,
            "rerank_server_key",
            settings.rerank_server_key.get_secret_value().strip(),
        )
        ask = _asking(server, model, _results)
        return Hosted(f"rerank-server:{model}", server, ask, settings, 1000)

    return Entry(
        f"rerank-server:{model}" if model else "rerank-server",
        "Your own server with a Cohere- or Jina-like /rerank (vLLM, Infinity, LiteLLM).",
        build,
        missing=_without("rerank_server_url", "no rerank server is configured"),
        uses=("rerank_server_url", "rerank_server_key", *_COMMON),
        remote=True,
        unit="relevance",
    )


def tei() -> Entry:
    """Return the line for Text Embeddings Inference."""

    def build(context: Context) -> Reranker:
        settings = context.settings
        key = settings.tei_key.get_secret_value().strip()
        server = Server("Text Embeddings Inference", settings.tei_url, "tei_key", key)
        poster = Poster(server)

        def ask(query: str, texts: Sequence[str], seconds: float) -> Batch:
            body = {"query": query, "texts": list(texts), "raw_scores": False, "truncate": True}
            return Batch(pairs(server, poster.post("/rerank", body, seconds), "score"))

        return Hosted("tei:", server, ask, settings, TEI_LIMIT)

    return Entry(
        "tei",
        "Your own Text Embeddings Inference server.",
        build,
        missing=_without("tei_url", "no Text Embeddings Inference server is configured"),
        uses=("tei_url", "tei_key", *_COMMON),
        remote=True,
        unit="probability",
    )


_COMMON = ("rerank_seconds", "rerank_retries", "rerank_concurrency", "prices")
_Decode = Callable[[Server, Any], Batch]


def _keyed(
    family: str,
    model: str,
    about: str,
    named: bool,
    decode: _Decode,
    limit: int,
    tokens: int = 0,
) -> Entry:
    key_option, url_option = f"{family}_api_key", f"{family}_url"

    def build(context: Context) -> Reranker:
        settings = context.settings
        key = getattr(settings, key_option).get_secret_value().strip()
        server = Server(family.title(), getattr(settings, url_option), key_option, key)
        ask = _asking(server, model, decode)
        return Hosted(f"{family}:{model}", server, ask, settings, limit, tokens)

    return Entry(
        f"{family}:{model}" if named else family,
        f"{about} ({model}).",
        build,
        missing=no_key(key_option, f"{family.upper()}_API_KEY"),
        uses=(key_option, url_option, *_COMMON),
        remote=True,
        unit="relevance",
    )


def no_key(option: str, usual: str) -> Callable[[Context], str]:
    """Return a check that says which key is missing and how to set it."""

    def missing(context: Context) -> str:
        if getattr(context.settings, option).get_secret_value().strip():
            return ""
        return f"no key is set; set {usual} or RANKLENS_{option.upper()}"

    return missing


def _without(option: str, what: str) -> Callable[[Context], str]:
    def missing(context: Context) -> str:
        if getattr(context.settings, option).strip():
            return ""
        return f"{what}; set {option} (RANKLENS_{option.upper()}) to its base URL"

    return missing


def _asking(
    server: Server, model: str, decode: _Decode
) -> Callable[[str, Sequence[str], float], Batch]:
    poster = Poster(server)

    def ask(query: str, texts: Sequence[str], seconds: float) -> Batch:
        body: dict[str, Any] = {"query": query, "documents": list(texts)}
        if model:
            body["model"] = model
        return decode(server, poster.post("/rerank", body, seconds))

    return ask


def _results(server: Server, answer: Any) -> Batch:
    """Read Cohere's and Jina's shape: ``results`` and what was used in ``usage`` or ``meta``."""
    found = answer.get("results") if isinstance(answer, dict) else None
    return Batch(pairs(server, found, "relevance_score"), _tokens(answer))


def _data(server: Server, answer: Any) -> Batch:
    """Read Voyage's shape: ``data`` and ``usage``."""
    found = answer.get("data") if isinstance(answer, dict) else None
    return Batch(pairs(server, found, "relevance_score"), _tokens(answer))


def _tokens(answer: dict[str, Any]) -> float:
    usage = answer.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else 0
    return float(total) if isinstance(total, int | float) else 0.0
