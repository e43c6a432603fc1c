"""What LLM rerankers share: the model, the prompt with passages as data, the line in the table."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from copy import copy

from rag.llm.client import LanguageModel
from rag.rerank.base import Context, Entry, Reranker
from rag.settings import Settings
from rag.text.quoting import boundary, defused, delimited, shorten

PASSAGE_TOKENS = 400
_USES = (
    "llm_provider",
    "llm_base_url",
    "llm_model",
    "llm_api_key",
    "llm_temperature",
    "cohere_api_key",
    "cohere_url",
    "rerank_seconds",
    "rerank_retries",
    "rerank_concurrency",
    "rerank_window",
    "prices",
    "prompts",
)


class LLMRanker:
    """A model, and the prompt file of a reranker's name.

    An ``instruction`` stands outside of the delimiters: it is the user's, not a passage's.
    """

    def __init__(self, name: str, settings: Settings, model: str) -> None:
        self._instruction = ""
        self.model = LanguageModel(settings, model, "rerank_seconds", settings.rerank_retries)
        self.model.load()  # not within the first question's deadline
        self._system = self.model.prompt(name)
        own = hashlib.sha256(self._system.encode()).hexdigest()[:12] if settings.prompts else ""
        self.identity = f"{name}-1 {self.model.identity} {own}".rstrip()

    def instructed(self, instruction: str) -> LLMRanker:
        """Return this one with an instruction."""
        made = copy(self)
        made._instruction = instruction
        made.identity = f"{self.identity} {instruction}"
        return made

    def prompt(self, query: str, texts: Sequence[str], task: str) -> tuple[str, str]:
        """Return the system's and the user's message; several passages are numbered."""
        mark = boundary([query, *texts, self._instruction])
        labels = [f" [{number}]" for number in range(1, len(texts) + 1)] if len(texts) > 1 else [""]
        passages = "\n\n".join(
            delimited("passage", mark, defused(shorten(text, PASSAGE_TOKENS)), label)
            for label, text in zip(labels, texts, strict=True)
        )
        parts = [passages, delimited("question", mark, defused(query)), task]
        if self._instruction:
            parts.insert(2, f"What to prefer when you judge: {defused(self._instruction)}")
        user = "\n\n".join(parts)
        return self._system.format(boundary=mark), user


def llm_entry(
    name: str, model: str, summary: str, unit: str, build: Callable[[Settings, str], Reranker]
) -> Entry:
    """Return the line for a reranker by a model, the settings' one if ``model`` is empty."""
    return Entry(
        f"{name}:{model}" if model else name,
        summary,
        lambda context: build(context.settings, model),
        missing=lambda context: _missing(context, model),
        uses=_USES,
        remote=True,
        unit=unit,
    )


def _missing(context: Context, model: str) -> str:
    return LanguageModel(context.settings, model).missing()
