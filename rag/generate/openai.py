"""Answers from any endpoint that speaks OpenAI's chat completions, streamed."""

from __future__ import annotations

import time
from collections.abc import Generator as Pieces
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
from openai.types.chat import ChatCompletionChunk

from rag.errors import GenerationError
from rag.generate.base import Written
from rag.generate.deadline import within
from rag.generate.faults import OPENAI_URL, Endpoint, passing, retry_after, too_long
from rag.generate.prompt import Prompt, build_prompt
from rag.generate.template import from_file
from rag.settings import Settings
from rag.types import Hit, Scalar

_LONGEST_WAIT = 20.0
_OPTIONAL = ("temperature", "stream_options")


@dataclass(slots=True)
class _Heard:
    """What one stream has told so far."""

    text: bool = False
    finish: str | None = None
    refusal: str = ""
    tokens: dict[str, Scalar] = field(default_factory=dict)


class OpenAIGenerator:
    """Streams from ``settings.llm_model`` at ``settings.llm_base_url`` (OpenAI where empty).

    An endpoint without a key (Ollama, llama.cpp) works: no Authorization header is sent then.
    """

    def __init__(self, settings: Settings) -> None:
        self.name = f"openai:{settings.llm_model}"
        self._settings = settings
        self._system = from_file(Path(settings.llm_prompt), "system") if settings.llm_prompt else ""
        key = settings.llm_api_key.get_secret_value().strip()
        url = settings.llm_base_url.strip() or OPENAI_URL
        self._endpoint = Endpoint(url, settings.llm_model, key, settings.llm_seconds)
        self._headers = {} if key else {"Authorization": openai.Omit()}
        self._client = openai.OpenAI(
            base_url=url,
            api_key=key or "none",
            timeout=settings.llm_seconds,
            max_retries=0,
        )

    def prompt(self, question: str, hits: Sequence[Hit]) -> Prompt:
        """Return the exact prompt that `stream` would send first."""
        return build_prompt(question, hits, self._settings.llm_prompt_tokens, self._system)

    def stream(self, question: str, hits: Sequence[Hit]) -> Pieces[str, None, Written]:
        """Yield pieces of the answer; raises `GenerationError` in plain words.

        A prompt that is too long for the model is packed into half its size and sent again; the
        details say so.
        """
        if not self._endpoint.key and self._endpoint.base_url.startswith(OPENAI_URL):
            raise GenerationError(self._endpoint.no_key())
        heard = _Heard()
        try:
            prompt, stream, details = self._opened(question, hits)
            yield from self._texts(stream, heard)
        except (openai.OpenAIError, TimeoutError, ValueError) as error:
            raise GenerationError(self._endpoint.explain(error, heard.text)) from None
        self._check(heard)
        return Written(details=details | _packing(prompt) | _ending(heard))

    def _opened(
        self, question: str, hits: Sequence[Hit]
    ) -> tuple[Prompt, openai.Stream[ChatCompletionChunk], dict[str, Scalar]]:
        """Open the stream; pack smaller while the endpoint says that the prompt is too long."""
        prompt = self.prompt(question, hits)
        details: dict[str, Scalar] = {}
        while True:
            try:
                return prompt, self._request(prompt), details
            except openai.APIStatusError as error:
                smaller = build_prompt(question, hits, prompt.tokens // 2, self._system)
                if not too_long(error) or smaller.tokens >= prompt.tokens:
                    raise
                prompt = smaller
                details["packed_smaller"] = int(details.get("packed_smaller") or 0) + 1

    def _request(self, prompt: Prompt) -> openai.Stream[ChatCompletionChunk]:
        """Open one stream; wait and try again where the endpoint is busy or fails."""
        create: Any = self._client.chat.completions.create
        options: dict[str, Any] = {
            "extra_headers": self._headers,
            "temperature": self._settings.llm_temperature,
            "stream_options": {"include_usage": True},
        }
        messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
        tries = 0
        while True:
            try:
                stream: openai.Stream[ChatCompletionChunk] = create(
                    model=self._settings.llm_model, messages=messages, stream=True, **options
                )
                return stream
            except openai.APIStatusError as error:
                if unwanted := _unwanted(error, options):
                    del options[unwanted]
                    continue
                wait = self._pause(error, tries)
                if wait is None:
                    raise
                tries += 1
                time.sleep(wait)

    def _pause(self, error: openai.APIStatusError, tries: int) -> float | None:
        """Return the seconds to wait before the next try, None where there is to be none."""
        if not passing(error) or tries >= self._settings.llm_retries:
            return None
        asked = retry_after(error)
        wait = 0.5 * 2**tries if asked is None else asked
        return wait if wait <= min(_LONGEST_WAIT, self._settings.llm_seconds) else None

    def _texts(
        self, stream: openai.Stream[ChatCompletionChunk], heard: _Heard
    ) -> Pieces[str, None, None]:
        for chunk in within(iter(stream), self._settings.llm_seconds, stream.close):
            if chunk.usage:
                heard.tokens = {
                    "prompt_tokens": chunk.usage.prompt_tokens,
                    "completion_tokens": chunk.usage.completion_tokens,
                }
            for choice in chunk.choices or ():
                heard.finish = choice.finish_reason or heard.finish
                heard.refusal += (choice.delta and choice.delta.refusal) or ""
                if text := choice.delta and choice.delta.content:
                    heard.text = heard.text or bool(text.strip())
                    yield text

    def _check(self, heard: _Heard) -> None:
        """Raise `GenerationError` where the stream ended well and the answer did not."""
        if heard.refusal or heard.finish == "content_filter":
            raise GenerationError(self._endpoint.refused(heard.refusal))
        if not heard.text:
            raise GenerationError(self._endpoint.empty(heard.finish))
        if heard.finish is None:
            raise GenerationError(self._endpoint.cut())


def _unwanted(error: openai.APIStatusError, options: dict[str, Any]) -> str | None:
    """Return the optional parameter that an endpoint says it does not take, if it is one."""
    if error.status_code not in (400, 422):
        return None
    named = f"{error.param} {error.message}"
    return next((name for name in _OPTIONAL if name in options and name in named), None)


def _packing(prompt: Prompt) -> dict[str, Scalar]:
    details: dict[str, Scalar] = {"prompt_tokens_estimated": prompt.tokens}
    if prompt.left_out:
        details["left_out"] = ", ".join(map(str, prompt.left_out))
    if prompt.shortened:
        details["shortened"] = ", ".join(map(str, prompt.shortened))
    return details


def _ending(heard: _Heard) -> dict[str, Scalar]:
    cut = {"cut_at_limit": True} if heard.finish == "length" else {}
    return heard.tokens | cut
