"""Endpoints that speak OpenAI's chat completions: OpenAI, Ollama, vLLM, llama.cpp, LM Studio."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import openai
from openai.types.chat import ChatCompletionChunk

from rag.generate.faults import OPENAI_URL, Endpoint, Failure, refusal, words_of
from rag.generate.prompt import Message
from rag.generate.provider import Finish, Piece, Stream
from rag.generate.wire import Wire
from rag.settings import Settings

_OPTIONAL = ("temperature", "stream_options")
_THOUGHTS = ("reasoning_content", "reasoning")
_FINISHES: dict[str, Finish] = {"length": "length", "content_filter": "filter"}


class OpenAIProvider:
    """``settings.llm_model`` at ``settings.llm_base_url`` (OpenAI where empty).

    An endpoint without a key (Ollama, llama.cpp) works: no Authorization header is sent then.
    """

    errors: tuple[type[Exception], ...] = (openai.OpenAIError, TimeoutError, ValueError)

    def __init__(self, settings: Settings) -> None:
        self.name = f"openai:{settings.llm_model}"
        self._settings = settings
        key = settings.llm_api_key.get_secret_value().strip()
        url = settings.llm_base_url.strip() or OPENAI_URL
        own = "OpenAI" if url.startswith(OPENAI_URL) else ""
        self.endpoint = Endpoint(url, settings.llm_model, key, settings.llm_seconds, own)
        self._headers = {} if key else {"Authorization": openai.Omit()}
        self._wire = Wire()
        self._client = openai.OpenAI(
            base_url=url,
            api_key=key or "none",
            timeout=settings.llm_seconds,
            max_retries=0,
            http_client=openai.DefaultHttpxClient(event_hooks=self._wire.hooks),
        )

    def ready(self) -> bool:
        """Whether a key is set, or the endpoint is not OpenAI's own."""
        return bool(self.endpoint.key) or not self.endpoint.provider

    def open(self, messages: Sequence[Message]) -> Stream:
        """Open a stream; an option that the endpoint does not take is left out."""
        create: Any = self._client.chat.completions.create
        options: dict[str, Any] = {
            "temperature": self._settings.llm_temperature,
            "stream_options": {"include_usage": True},
        }
        told = [{"role": message.role, "content": message.content} for message in messages]
        while True:
            try:
                stream: openai.Stream[ChatCompletionChunk] = create(
                    model=self._settings.llm_model,
                    messages=told,
                    stream=True,
                    extra_headers=self._headers,
                    **options,
                )
                return Stream(_pieces(stream), self._wire.hang_up)
            except openai.APIStatusError as error:
                unwanted = _unwanted(error, options)
                if unwanted is None:
                    raise
                del options[unwanted]

    def stop(self) -> None:
        """Cut the connection, whether it waits for the first word or the next."""
        self._wire.cut()

    def models(self) -> list[str]:
        """Return the names of the models there."""
        listed = self._client.models.list(extra_headers=self._headers)
        return sorted(model.id for model in listed)

    def failure(self, error: Exception) -> Failure:
        """Say what went wrong."""
        if isinstance(error, TimeoutError | openai.APITimeoutError):
            return Failure("time")
        if isinstance(error, openai.APIConnectionError):
            return Failure("connection")
        if isinstance(error, openai.APIStatusError):
            code = f"{error.code or ''} {error.type or ''}"
            return refusal(error.status_code, error.body, error.response.headers, code)
        if isinstance(error, openai.APIError):
            return Failure(
                "stream", words_of(error.body) or error.message, code=str(error.code or "")
            )
        return Failure("protocol")


def _pieces(stream: openai.Stream[ChatCompletionChunk]) -> Iterator[Piece]:
    for chunk in stream:
        if chunk.usage:
            yield Piece(tokens=(chunk.usage.prompt_tokens, chunk.usage.completion_tokens))
        for choice in chunk.choices or ():
            delta, ended = choice.delta, choice.finish_reason
            yield Piece(
                text=(delta and delta.content) or "",
                thought=_thought(delta),
                refusal=(delta and delta.refusal) or "",
                finish=_FINISHES.get(ended, "stop") if ended else None,
            )


def _thought(delta: Any) -> str:
    """Return thinking in a field of its own, which the protocol has not and servers add."""
    fields = (getattr(delta, name, None) for name in _THOUGHTS)
    return next((text for text in fields if isinstance(text, str)), "")


def _unwanted(error: openai.APIStatusError, options: dict[str, Any]) -> str | None:
    """Return the optional parameter that an endpoint says it does not take, if it is one."""
    if error.status_code not in (400, 422):
        return None
    named = f"{error.param} {error.message}"
    return next((name for name in _OPTIONAL if name in options and name in named), None)
