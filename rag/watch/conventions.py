"""A trace's spans in two vocabularies: OpenInference's, and OpenTelemetry's for generative AI.

OpenInference (Phoenix, Arize): https://github.com/Arize-ai/openinference/tree/main/spec.
OpenTelemetry: https://github.com/open-telemetry/semantic-conventions-genai, spans "Retrievals" and
"Inference". Both are needed: programs that show traces read one of them. Ids, ranks, scores and
counts are figures; texts and names of documents are content, which only `Words.content` sends.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.types import Answer, Hit, Stage, StageName, Trace

Attributes = dict[str, str | int | float | bool]

DOCUMENTS = 100  # the first ones of a ranking that a span lists
CHARACTERS = 4_000  # of a text in a span; servers refuse requests of more than a few MB

CHAIN, RETRIEVER, RERANKER, LLM = "CHAIN", "RETRIEVER", "RERANKER", "LLM"
_NAMES = frozenset[str](StageName)  # other names are variants of expansion, which retrieve
_KINDS: Mapping[str, str] = {
    StageName.DENSE: RETRIEVER,
    StageName.LEXICAL: RETRIEVER,
    StageName.RERANKED: RERANKER,
    StageName.FOLLOW_UP: RETRIEVER,
    StageName.FOLLOW_UP_RERANKED: RERANKER,
}


@dataclass(frozen=True, slots=True)
class Words:
    """Which words may leave the machine: those of questions, and all of passages and answers."""

    question: bool = False
    content: bool = False


def question(trace: Trace, words: Words) -> Attributes:
    """Return the attributes of a whole question."""
    found = _kind(CHAIN) | _input(trace.asked, words)
    answer = trace.answer.text if trace.answer else ""
    return found | _output(answer, words) | {"metadata": _metadata(trace)}


def retrieval(trace: Trace, last: Stage, words: Words) -> Attributes:
    """Return the attributes of the stages before the reranker as a whole.

    What the ``last`` of them ranked highest is the pool.
    """
    depth = int(trace.settings.get("pool") or len(last.hits))
    pool = last.hits[:depth]
    found: Attributes = {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": "library"}
    found["gen_ai.retrieval.top_k"] = depth
    if words.question:
        found["gen_ai.retrieval.query.text"] = _cut(trace.question)
    found["gen_ai.retrieval.documents"] = json.dumps(
        [_document(hit, words) for hit in pool[:DOCUMENTS]], ensure_ascii=False
    )
    return found | _retriever(trace.question, pool, words)


def stage(trace: Trace, ran: Stage, before: Sequence[Hit], words: Words) -> Attributes:
    """Return the attributes of one stage, which was given the best of the ranking ``before``."""
    kind = _KINDS.get(ran.name, CHAIN if ran.name in _NAMES else RETRIEVER)
    if kind == RETRIEVER:
        return _retriever(trace.question, ran.hits, words)
    if kind != RERANKER:
        return _kind(CHAIN)
    found = _kind(RERANKER) | {"reranker.top_k": len(ran.hits)} | _input(trace.question, words)
    if ran.reranker:
        found["reranker.model_name"] = ran.reranker
    if words.question:
        found["reranker.query"] = _cut(trace.question)
    found |= _documents("reranker.input_documents", before[: len(ran.hits)], words)
    return found | _documents("reranker.output_documents", ran.hits, words)


def step() -> Attributes:
    """Return the attributes of a step that neither retrieves nor ranks."""
    return _kind(CHAIN)


def answer(trace: Trace, written: Answer, words: Words) -> Attributes:
    """Return the attributes of an answer: of a call of a language model, if one wrote it."""
    found = _output(written.text, words)
    if not _by_model(trace, written):
        return _kind(CHAIN) | _input(trace.question, words) | found
    model, provider = str(trace.settings["llm_model"]), str(trace.settings["llm_provider"])
    found |= _kind(LLM) | {
        "llm.model_name": model,
        "llm.system": provider,
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.request.stream": True,
        "gen_ai.output.type": "text",
    }
    if written.error:
        found["error.type"] = "_OTHER"
    if written.first_token_seconds is not None:
        found["gen_ai.response.time_to_first_chunk"] = written.first_token_seconds
    return found | _used(written.details) | _messages(written, words)


def _by_model(trace: Trace, written: Answer) -> bool:
    chosen = trace.settings.get("generator", "auto") in ("auto", "model")
    return chosen and bool(trace.settings.get("llm_model")) and written.refused_below is None


def _used(details: Mapping[str, Any]) -> Attributes:
    """Return tokens and dollars under the names of both vocabularies."""
    found: Attributes = {}
    read, wrote = details.get("prompt_tokens"), details.get("completion_tokens")
    if isinstance(read, int) and isinstance(wrote, int):
        found |= {"gen_ai.usage.input_tokens": read, "gen_ai.usage.output_tokens": wrote}
        found |= {"llm.token_count.prompt": read, "llm.token_count.completion": wrote}
        found["llm.token_count.total"] = read + wrote
    if isinstance(cost := details.get("cost_usd"), int | float):
        found["llm.cost.total"] = cost
    return found


def _messages(written: Answer, words: Words) -> Attributes:
    if not words.content:
        return {}
    found: Attributes = {}
    sides = (("input", "user", written.prompt), ("output", "assistant", written.text))
    for side, role, text in sides:
        message: dict[str, Any] = {"role": role, "parts": [{"type": "text", "content": _cut(text)}]}
        if side == "output":
            message["finish_reason"] = "error" if written.error else "stop"
        found[f"gen_ai.{side}.messages"] = json.dumps([message], ensure_ascii=False)
        found[f"llm.{side}_messages.0.message.role"] = role
        found[f"llm.{side}_messages.0.message.content"] = _cut(text)
    return found | _text("input.value", written.prompt)


def _retriever(query: str, hits: Sequence[Hit], words: Words) -> Attributes:
    documents = _documents("retrieval.documents", hits, words)
    return _kind(RETRIEVER) | _input(query, words) | documents


def _documents(prefix: str, hits: Sequence[Hit], words: Words) -> Attributes:
    found: Attributes = {}
    for place, hit in enumerate(hits[:DOCUMENTS]):
        at = f"{prefix}.{place}.document"
        found[f"{at}.id"] = hit.chunk.id
        found[f"{at}.score"] = hit.score
        if words.content:
            found[f"{at}.content"] = _cut(hit.chunk.text)
            named = {"document": hit.chunk.document, "page": hit.chunk.page, "rank": hit.rank}
            found[f"{at}.metadata"] = json.dumps(named, ensure_ascii=False)
    return found


def _document(hit: Hit, words: Words) -> dict[str, Any]:
    found = {"id": hit.chunk.id, "score": hit.score}
    if words.content:
        found |= {"content": _cut(hit.chunk.text), "document": hit.chunk.document}
    return found


def _metadata(trace: Trace) -> str:
    return json.dumps({"settings_digest": trace.settings_digest, "top": trace.settings.get("top")})


def _kind(kind: str) -> Attributes:
    return {"openinference.span.kind": kind}


def _input(text: str, words: Words) -> Attributes:
    return _text("input.value", text) if words.question else {}


def _output(text: str, words: Words) -> Attributes:
    return _text("output.value", text) if words.content and text else {}


def _text(name: str, text: str) -> Attributes:
    return {name: _cut(text), name.replace("value", "mime_type"): "text/plain"}


def _cut(text: str) -> str:
    return text if len(text) <= CHARACTERS else text[: CHARACTERS - 1] + "…"
