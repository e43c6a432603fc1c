"""Services that rank over HTTP, one function each: its model, address, protocol and limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from rag.llm.faults import Endpoint
from rag.rerank.base import Entry
from rag.rerank.hosted import hosted_entry
from rag.rerank.http import RerankProtocol, documents
from rag.settings import Settings
from rag.settings.addresses import origin
from rag.settings.keys import KEYS

JINA, VOYAGE = "jina-reranker-v2-base-multilingual", "rerank-2.5"
CONTEXTUAL, ZEROENTROPY = "ctxl-rerank-v2-instruct-multilingual", "zerank-2"
MIXEDBREAD, NVIDIA = "mixedbread-ai/mxbai-rerank-large-v2", "nvidia/llama-nemotron-rerank-1b-v2"
TEI_LIMIT = 32  # --max-client-batch-size of a server that was started without options
NVIDIA_LIMIT = 512
Server = tuple[Callable[[Settings], Endpoint], tuple[str, str]]


def jina(model: str = "") -> Entry:
    """Return the line for Jina's API; https://jina.ai/reranker describes its protocol."""
    summary = f"Jina's hosted rerankers ({model or JINA})."
    server = _server("Jina", "jina_api_key")
    return hosted_entry("jina", model, summary, *server, RerankProtocol().asking, JINA)


def voyage(model: str = "") -> Entry:
    """Return the line for Voyage's API; https://docs.voyageai.com/docs/reranker has its limits."""
    summary = f"Voyage's hosted rerankers ({model or VOYAGE})."
    server = _server("Voyage", "voyage_api_key")
    ask = RerankProtocol(body=_instruction_first, results="data").asking
    return hosted_entry(
        "voyage", model, summary, *server, ask, VOYAGE, tokens=500_000,
        follows=lambda name: name.startswith("rerank-2.5"),
    )  # fmt: skip


def contextual(model: str = "") -> Entry:
    """Return the line for Contextual's API; https://docs.contextual.ai describes its protocol."""
    summary = f"Contextual AI's hosted rerankers ({model or CONTEXTUAL})."
    server = _server("Contextual", "contextual_api_key")
    ask = RerankProtocol(body=_instruction_beside).asking
    return hosted_entry(
        "contextual", model, summary, *server, ask, CONTEXTUAL, tokens=400_000,
        follows=lambda name: "instruct" in name,
    )  # fmt: skip


def zeroentropy(model: str = "") -> Entry:
    """Return the line for ZeroEntropy's API; https://docs.zeroentropy.dev has its limits."""
    summary = f"ZeroEntropy's hosted rerankers ({model or ZEROENTROPY})."
    server = _server("ZeroEntropy", "zeroentropy_api_key")
    ask = RerankProtocol("/models/rerank", _instruction_tagged).asking
    return hosted_entry(
        "zeroentropy", model, summary, *server, ask, ZEROENTROPY, tokens=1_000_000,
        follows=lambda name: name.startswith("zerank-2"),
    )  # fmt: skip


def mixedbread(model: str = "") -> Entry:
    """Return the line for Mixedbread's API; https://www.mixedbread.com/docs/reranking/overview.

    Its models follow an instruction, but its API has no field for one.
    """
    summary = f"Mixedbread's hosted rerankers ({model or MIXEDBREAD})."
    server = _server("Mixedbread", "mixedbread_api_key")
    ask = RerankProtocol("/reranking", _all_of_them, "data", "score").asking
    return hosted_entry("mixedbread", model, summary, *server, ask, MIXEDBREAD)


def nvidia(model: str = "") -> Entry:
    """Return the line for NVIDIA's API and for a NeMo Retriever NIM of one's own."""
    summary = f"NVIDIA's hosted rerankers, or your own NIM ({model or NVIDIA})."
    endpoint, options = _server("NVIDIA", "nvidia_api_key")

    def server(settings: Settings) -> Endpoint:
        found = endpoint(settings)
        return found if _is_nvidia(found) else replace(found, needs_key=False)

    ask = RerankProtocol(_nvidia_path, _nvidia_body, "rankings", "logit").asking
    return hosted_entry(
        "nvidia", model, summary, server, options, ask, NVIDIA, NVIDIA_LIMIT, unit="logit"
    )


def rerank_server(model: str = "") -> Entry:
    """Return the line for any server with a Cohere- or Jina-like ``/rerank``."""
    summary = "Your own server with a Cohere- or Jina-like /rerank (vLLM, Infinity, LiteLLM)."
    server = _server("The rerank server", "rerank_server_key")
    return hosted_entry("rerank-server", model, summary, *server, RerankProtocol().asking)


def tei() -> Entry:
    """Return the line for Text Embeddings Inference."""
    summary = "Your own Text Embeddings Inference server."
    server = _server("Text Embeddings Inference", "tei_key")
    ask = RerankProtocol(body=_tei_body, results="", score="score").asking
    return hosted_entry("tei", "", summary, *server, ask, limit=TEI_LIMIT, unit="probability")


def _server(name: str, key_option: str) -> Server:
    """Return what makes an endpoint of the settings, and the options of its address and key."""

    def endpoint(settings: Settings) -> Endpoint:
        return Endpoint.of(settings, key_option, name)

    return endpoint, (KEYS[key_option].option, key_option)


def _instruction_first(query: str, texts: Sequence[str], instruction: str) -> dict[str, Any]:
    return documents(f"{instruction}\nQuery: {query}" if instruction else query, texts, "")


def _instruction_beside(query: str, texts: Sequence[str], instruction: str) -> dict[str, Any]:
    beside = {"instruction": instruction} if instruction else {}
    return documents(query, texts, "") | beside


def _instruction_tagged(query: str, texts: Sequence[str], instruction: str) -> dict[str, Any]:
    tagged = f"<query>{query}</query>\n<instruction>{instruction}</instruction>"
    return documents(tagged if instruction else query, texts, "")


def _all_of_them(query: str, texts: Sequence[str], _instruction: str) -> dict[str, Any]:
    return {"query": query, "input": list(texts), "top_k": len(texts), "return_input": False}


def _tei_body(query: str, texts: Sequence[str], _instruction: str) -> dict[str, Any]:
    return {"query": query, "texts": list(texts), "raw_scores": False, "truncate": True}


def _nvidia_body(query: str, texts: Sequence[str], _instruction: str) -> dict[str, Any]:
    passages = [{"text": text} for text in texts]
    return {"query": {"text": query}, "passages": passages, "truncate": "END"}


def _nvidia_path(endpoint: Endpoint) -> str:
    """Return a model's own path at NVIDIA's hosted API, or that of a NIM."""
    if not _is_nvidia(endpoint):
        return "/ranking"
    return f"/retrieval/{endpoint.model.replace('.', '_')}/reranking"


def _is_nvidia(endpoint: Endpoint) -> bool:
    return origin(endpoint.url) == origin(KEYS["nvidia_api_key"].provider)
