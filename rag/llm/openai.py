"""Endpoints that speak OpenAI's chat completions: OpenAI, Ollama, vLLM, llama.cpp, LM Studio."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import openai

from rag.llm.base import Finish, Message, Piece
from rag.llm.faults import Endpoint, Failure, UnreadableReply, lost, refusal, words_of
from rag.llm.wire import Wire
from rag.settings.addresses import origin
from rag.settings.keys import KEYS

_LIMITS = ("max_tokens", "max_completion_tokens")
_THOUGHTS = ("reasoning_content", "reasoning")
_FINISHES: dict[str, Finish] = {"length": "length", "content_filter": "filter"}


class OpenAIClient:
    """An endpoint without a key (Ollama, llama.cpp) works: no Authorization header is sent then."""

    # What is no chat completion raises the plain ones, out of the client library or here.
    errors: tuple[type[Exception], ...] = (
        openai.OpenAIError,
        UnreadableReply,
        TimeoutError,
        ValueError,
        AttributeError,
        TypeError,
    )

    def __init__(
        self, endpoint: Endpoint, temperature: float, max_tokens: int, seconds: float
    ) -> None:
        self.wire = Wire()
        self._model = endpoint.model
        self._headers = _headers(endpoint)
        self._renamed = False
        self._options: dict[str, Any] = {
            "temperature": temperature,
            # OpenAI's own models take the new name only, many other servers the old one only.
            _LIMITS[endpoint.name == "OpenAI"]: max_tokens,
            "stream_options": {"include_usage": True},
        }
        self._client = openai.OpenAI(
            base_url=endpoint.address,
            api_key=endpoint.key or "none",
            timeout=seconds,
            max_retries=0,
            http_client=openai.DefaultHttpxClient(**self.wire.options(endpoint)),
        )

    def send(self, messages: Sequence[Message], streamed: bool) -> Iterator[Piece]:
        """Yield the reply's pieces; an option that the endpoint does not take is left out."""
        create: Any = self._client.chat.completions.create
        sent = [{"role": message.role, "content": message.content} for message in messages]
        while True:
            options = {k: v for k, v in self._options.items() if streamed or k != "stream_options"}
            try:
                reply = create(
                    model=self._model,
                    messages=sent,
                    stream=streamed,
                    extra_headers=self._headers,
                    **options,
                )
                break
            except openai.APIStatusError as error:
                unwanted = _unwanted(error, options)
                if unwanted is None:
                    raise
                value = self._options.pop(unwanted)
                if unwanted in _LIMITS and not self._renamed and _renames(error):
                    self._options[_LIMITS[unwanted == _LIMITS[0]]] = value
                    self._renamed = True
        yield from _pieces(reply if streamed else [reply])

    def models(self) -> list[str]:
        """Return the names of the models there."""
        listed = self._client.models.list(extra_headers=self._headers)
        return sorted(model.id for model in listed)

    def failure(self, error: Exception) -> Failure:
        """Return what went wrong."""
        if isinstance(error, openai.APIConnectionError):  # its time-out is one of them
            return lost(error.__cause__ or error)
        if isinstance(error, openai.APIStatusError):
            code = f"{error.code or ''} {error.type or ''}"
            return refusal(error.status_code, error.body, error.response.headers, code)
        if isinstance(error, openai.APIError):
            words = words_of(error.body) or error.message
            return Failure("stream", words, code=str(error.code or ""))
        known = isinstance(error, TimeoutError | UnreadableReply)
        return lost(error) if known else Failure("protocol")


def _headers(endpoint: Endpoint) -> dict[str, Any]:
    """Return the key's header, and without the rest of what the client library would add.

    It sends what the environment holds for OpenAI's own tools (account, project, further headers)
    to any address.
    """
    further = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    ambient = ["OpenAI-Organization", "OpenAI-Project"]
    ambient += [name.strip() for name, colon, _ in (one.partition(":") for one in further) if colon]
    if KEYS["llm_api_key"].is_usual(origin(endpoint.url)):
        ambient = []
    key = f"Bearer {endpoint.key}" if endpoint.key else openai.Omit()
    return {**dict.fromkeys(ambient, openai.Omit()), "Authorization": key}


def _pieces(chunks: Iterable[Any]) -> Iterator[Piece]:
    """Yield what a stream's chunks hold, or a whole completion, which is built alike."""
    for chunk in chunks:
        if chunk.usage:
            yield Piece(tokens=(chunk.usage.prompt_tokens, chunk.usage.completion_tokens))
        for choice in chunk.choices or ():
            part = getattr(choice, "delta", None) or getattr(choice, "message", None)
            ended = choice.finish_reason
            yield Piece(
                text=(part and part.content) or "",
                thought=_thought(part),
                refusal=(part and part.refusal) or "",
                finish=_FINISHES.get(ended, "stop") if ended else None,
            )


def _thought(part: Any) -> str:
    """Return thinking in a field of its own, which the protocol has not and servers add."""
    fields = (getattr(part, name, None) for name in _THOUGHTS)
    return next((text for text in fields if isinstance(text, str)), "")


def _unwanted(error: openai.APIStatusError, options: dict[str, Any]) -> str | None:
    """Return the optional parameter that an endpoint reports not to take, if it is one."""
    if error.status_code not in (400, 422):
        return None
    named = f"{error.param} {error.message}"
    limit = any(name in named for name in _LIMITS)
    return next((n for n in options if n in named or (limit and n in _LIMITS)), None)


def _renames(error: openai.APIStatusError) -> bool:
    """Return whether an endpoint takes the limit under its other name; it may refuse the value."""
    named = f"{error.code} {error.message}"
    return "unsupported" in named.lower() and all(name in named for name in _LIMITS)
