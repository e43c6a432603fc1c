"""Cohere's Rerank through its own client (`ClientV2`)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import httpx

from rag.llm.remote import Server
from rag.rerank.base import Context, Entry, Reranker
from rag.rerank.hosted import Batch, Hosted
from rag.rerank.http import no_key
from rag.settings import Settings
from rag.types import Chunk

MODEL = "rerank-v3.5"
URL = "https://api.cohere.com"
# YAML takes these for line breaks or refuses them, where JSON lets them stand.
_BREAKS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
LIMIT = 1000  # passages of a call, as Cohere advises


def cohere(model: str = "") -> Entry:
    """Return the line for a Cohere model."""
    chosen = model or MODEL

    def build(context: Context) -> Reranker:
        settings = context.settings
        key = settings.cohere_api_key.get_secret_value().strip()
        server = Server("Cohere", settings.cohere_url or URL, "cohere_api_key", key)
        ask = _Ask(server, chosen, settings)
        return Hosted(f"cohere:{chosen}", server, ask, settings, LIMIT)

    return Entry(
        f"cohere:{chosen}" if model else "cohere",
        f"Cohere's hosted rerankers ({chosen}).",
        build,
        missing=no_key("cohere_api_key", "CO_API_KEY"),
        uses=(
            "cohere_api_key",
            "cohere_url",
            "rerank_seconds",
            "rerank_retries",
            "rerank_concurrency",
            "prices",
        ),
        remote=True,
        unit="relevance",
        text=as_yaml,
    )


def as_yaml(chunk: Chunk) -> str:
    """Write a chunk as the YAML that Cohere wants structured documents in.

    Strings are written as JSON, which is YAML too, so that no text can break out of its field.
    """
    fields = {"document": PurePath(chunk.document).stem, "heading": " › ".join(chunk.heading)}
    lines = [f"{name}: {_quoted(value)}" for name, value in fields.items() if value]
    return "\n".join([*lines, f"text: {_quoted(chunk.text)}"])


def _quoted(text: str) -> str:
    plain = json.dumps(text, ensure_ascii=False)
    return _BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", plain)


class _Ask:
    """One call of Cohere's client, its errors in our words."""

    def __init__(self, server: Server, model: str, settings: Settings) -> None:
        # Imported here: it takes a second, and most people have no key for it.
        from cohere import ClientV2

        self._server, self._model = server, model
        self._client = ClientV2(
            api_key=server.key,
            base_url=server.url,
            client_name="ranklens",
            timeout=settings.rerank_seconds,
            max_retries=0,
            log_warning_experimental_features=False,
        )

    def __call__(self, query: str, texts: Sequence[str], seconds: float) -> Batch:
        from cohere.core.api_error import ApiError
        from cohere.core.parse_error import ParsingError

        try:
            answer = self._client.rerank(
                model=self._model,
                query=query,
                documents=list(texts),
                request_options={"timeout": max(0.01, seconds), "max_retries": 0},
            )
        except ApiError as error:
            status = error.status_code or 0
            if 200 <= status < 300:
                raise self._server.nonsense(str(error.body)) from None
            raise self._server.status(status, error.body, error.headers or {}) from None
        except httpx.HTTPError as error:
            raise self._server.unreachable(error) from None
        except (ParsingError, ValueError, TypeError, AttributeError) as error:
            raise self._server.nonsense(str(error)) from None
        return self._batch(answer)

    def _batch(self, answer: Any) -> Batch:
        try:
            scores = [(int(one.index), float(one.relevance_score)) for one in answer.results]
        except (AttributeError, TypeError, ValueError) as error:
            raise self._server.nonsense(str(error)) from None
        billed = answer.meta.billed_units if answer.meta else None
        return Batch(scores, searches=float((billed and billed.search_units) or 0))
