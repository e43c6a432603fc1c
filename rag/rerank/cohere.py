"""Cohere's Rerank through its own client (`ClientV2`)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from rag.llm.faults import Endpoint
from rag.llm.providers import cohere_endpoint
from rag.llm.wire import Wire
from rag.rerank.base import Entry
from rag.rerank.hosted import Batch, hosted_entry
from rag.settings import Settings
from rag.types import Chunk

MODEL = "rerank-v4.0-pro"
# YAML takes these for line breaks or refuses them; JSON lets them stand.
_BREAKS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
LIMIT = 1000  # passages of a call, as Cohere advises


def cohere(model: str = "") -> Entry:
    """Return the line for a Cohere model."""
    return hosted_entry(
        "cohere",
        model,
        f"Cohere's hosted rerankers ({model or MODEL}).",
        cohere_endpoint,
        ("cohere_url", "cohere_api_key"),
        _Ask,
        usual=MODEL,
        limit=LIMIT,
        text=as_yaml,
    )


def as_yaml(chunk: Chunk) -> str:
    """Write a chunk as the YAML that Cohere wants structured documents in.

    Strings are written as JSON, which is YAML too, so that no text can break out of its field.
    """
    fields = {"document": PurePath(chunk.document).stem, "heading": " › ".join(chunk.heading)}
    lines = [f"{name}: {_quoted(value)}" for name, value in fields.items() if value]
    if not lines:  # a text that is in no library
        return chunk.text
    return "\n".join([*lines, f"text: {_quoted(chunk.text)}"])


def _quoted(text: str) -> str:
    plain = json.dumps(text, ensure_ascii=False)
    return _BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", plain)


class _Ask:
    """One call of Cohere's client, its errors in our words."""

    def __init__(self, endpoint: Endpoint, settings: Settings) -> None:
        # Imported here: it takes a second, and most people have no key for it.
        from rag.llm.cohere import connected

        self._endpoint = endpoint
        self._client = connected(endpoint, settings.rerank_seconds, Wire())

    def __call__(
        self, query: str, texts: Sequence[str], seconds: float, instruction: str = ""
    ) -> Batch:
        from rag.llm.cohere import ERRORS, failure

        try:
            return _batch(
                self._client.rerank(
                    model=self._endpoint.model,
                    query=query,
                    documents=list(texts),
                    request_options={"timeout": max(0.01, seconds), "max_retries": 0},
                )
            )
        except ERRORS as error:
            raise self._endpoint.error(failure(error)) from None


def _batch(answer: Any) -> Batch:
    scores = [(int(one.index), float(one.relevance_score)) for one in answer.results]
    billed = answer.meta.billed_units if answer.meta else None
    return Batch(scores, searches=float((billed and billed.search_units) or 0))
