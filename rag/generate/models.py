"""Providers of chat models by name, and short tasks that a model does beside answering."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rag.generate.llm import ModelGenerator
from rag.generate.prompt import Message
from rag.generate.provider import Provider
from rag.generate.template import template
from rag.settings import Settings
from rag.text.quoting import boundary, defused, shorten

_TOKENS_OF_AN_ANSWER = 300
_LAST_TURNS = 6


def _openai(settings: Settings) -> Provider:
    from rag.generate.openai import OpenAIProvider

    return OpenAIProvider(settings)


def _cohere(settings: Settings) -> Provider:
    from rag.generate.cohere import CohereProvider

    return CohereProvider(settings)


PROVIDERS: Mapping[str, Callable[[Settings], Provider]] = {"openai": _openai, "cohere": _cohere}


def provider_for(settings: Settings) -> Provider:
    """Return the provider that the settings name."""
    return PROVIDERS[settings.llm_provider](settings)


def completed(settings: Settings, prompt: str, seconds: float) -> str:
    """Return what the model writes to a prompt; raises `GenerationError` in plain words.

    It has ``seconds``, and one try.
    """
    hasty = settings.updated(llm_seconds=seconds, llm_retries=0)
    model = ModelGenerator(hasty, provider_for(hasty))
    return model.complete([Message("user", prompt)])


def rewrite(settings: Settings, question: str, history: Sequence[tuple[str, str]]) -> str:
    """Return a follow-up as a question that stands alone; ``history`` are (question, answer).

    Raises `GenerationError` where the model fails or takes longer than ``rewrite_seconds``.
    """
    told = [
        f"Question: {asked}\nAnswer: {shorten(answer, _TOKENS_OF_AN_ANSWER)}"
        for asked, answer in history[-_LAST_TURNS:]
    ]
    mark = boundary([question, *told])
    prompt = template(settings, "rewrite").format(
        boundary=mark, history=defused("\n\n".join(told)), question=defused(question)
    )
    return completed(settings, prompt, settings.rewrite_seconds)
