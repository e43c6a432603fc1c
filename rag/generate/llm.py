"""Answers from a model, whichever provider it is at: prompt, deadline, retries, tokens, cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator as Pieces
from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.errors import GenerationError
from rag.generate.base import Written
from rag.generate.deadline import within
from rag.generate.faults import Failure
from rag.generate.prompt import Message, Prompt, build_prompt, shown
from rag.generate.provider import Finish, Provider, Stream
from rag.generate.template import template
from rag.llm.prices import llm_cost
from rag.llm.thinking import ThinkingParser, Thought
from rag.settings import Settings
from rag.types import Hit, Scalar

_LONGEST_WAIT = 20.0
_MOST_FOR_ANSWER = 1500


@dataclass(slots=True)
class _Heard:
    """What one stream has told so far."""

    text: bool = False
    thought: bool = False
    finish: Finish | None = None
    refusal: str = ""
    tokens: dict[str, Scalar] = field(default_factory=dict)

    @property
    def anything(self) -> bool:
        """Whether a part of an answer, or of the thinking before it, has arrived."""
        return self.text or self.thought

    def noted(self, part: str | Thought) -> str | Thought:
        """Return ``part``, and remember what kind of thing has arrived."""
        if isinstance(part, str):
            self.text = self.text or bool(part.strip())
        else:
            self.thought = True
            self.text = self.text and not part.anew
        return part


class _TooLong(GenerationError):
    """The prompt does not fit the model's window."""


class ModelGenerator:
    """Streams answers from one provider's model."""

    def __init__(self, settings: Settings, provider: Provider) -> None:
        self.name = provider.name
        self._settings = settings
        self._provider = provider
        self._system = template(settings, "system")
        self._user = template(settings, "user")
        self._stopped = threading.Event()

    def prompt(self, question: str, hits: Sequence[Hit], room: int = 0) -> Prompt:
        """Return the exact prompt that `stream` would send, into ``room`` tokens if given."""
        room = room or room_for_prompt(self._settings.llm_context)
        return build_prompt(question, hits, room, self._system, self._user)

    def stop(self) -> None:
        """End what is under way at once: the server sees that nobody listens any more."""
        self._stopped.set()
        self._provider.stop()

    def stream(self, question: str, hits: Sequence[Hit]) -> Pieces[str | Thought, None, Written]:
        """Yield pieces of the answer; raises `GenerationError` in plain words.

        A prompt that is too long for the model is packed into half its size and sent again; the
        details say so.
        """
        prompt, smaller, heard = self.prompt(question, hits), 0, _Heard()
        while True:
            try:
                yield from self._texts(prompt.messages, heard)
                break
            except _TooLong:
                half = self.prompt(question, hits, prompt.tokens // 2)
                if heard.anything or half.tokens >= prompt.tokens:
                    raise
                prompt, smaller = half, smaller + 1
        packed: dict[str, Scalar] = {"packed_smaller": smaller} if smaller else {}
        return Written(details=packed | _packing(prompt) | self._ending(heard))

    def complete(self, messages: Sequence[Message]) -> str:
        """Return a short text; raises `GenerationError`, after ``llm_seconds`` at the latest."""
        ends, told = time.monotonic() + self._settings.llm_seconds, ""
        for part in self._texts(messages, _Heard()):
            if isinstance(part, str):
                told += part
            elif part.anew:
                told = ""
            if time.monotonic() > ends:
                raise GenerationError(self._provider.endpoint.timed_out(arrived=True))
        return told.strip()

    def _texts(
        self, messages: Sequence[Message], heard: _Heard
    ) -> Pieces[str | Thought, None, None]:
        endpoint = self._provider.endpoint
        if not self._provider.ready():
            raise GenerationError(endpoint.no_key())
        parser = ThinkingParser()
        try:
            stream = self._opened(messages)
            yield from self._listen(stream, parser, heard)
        except self._provider.errors as error:
            yield from map(heard.noted, parser.finish())
            failure = self._provider.failure(error)
            kind = _TooLong if failure.too_long else GenerationError
            raise kind(endpoint.explain(failure, heard.anything)) from None
        self._check(heard)

    def _opened(self, messages: Sequence[Message]) -> Stream:
        """Open one stream; wait and try again where the endpoint is busy or fails."""
        tries = 0
        while True:
            try:
                return self._provider.open(messages)
            except self._provider.errors as error:
                wait = self._pause(self._provider.failure(error), tries)
                if wait is None:
                    raise
                tries += 1
                if self._stopped.wait(wait):
                    raise

    def _pause(self, failure: Failure, tries: int) -> float | None:
        """Return the seconds to wait before the next try, None where there is to be none."""
        if not failure.passing or tries >= self._settings.llm_retries:
            return None
        wait = 0.5 * 2**tries if failure.wait is None else failure.wait
        return wait if wait <= min(_LONGEST_WAIT, self._settings.llm_seconds) else None

    def _listen(
        self, stream: Stream, parser: ThinkingParser, heard: _Heard
    ) -> Pieces[str | Thought, None, None]:
        for piece in within(stream.pieces, self._settings.llm_seconds, stream.close):
            heard.finish = piece.finish or heard.finish
            heard.refusal += piece.refusal
            if piece.tokens:
                heard.tokens = dict(
                    zip(("prompt_tokens", "completion_tokens"), piece.tokens, strict=True)
                )
            if piece.thought:
                yield heard.noted(Thought(piece.thought))
            yield from map(heard.noted, parser.feed(piece.text))
        yield from map(heard.noted, parser.finish())

    def _check(self, heard: _Heard) -> None:
        """Raise `GenerationError` where the stream ended well and the answer did not."""
        endpoint = self._provider.endpoint
        if heard.refusal or heard.finish == "filter":
            raise GenerationError(endpoint.refused(heard.refusal))
        if not heard.text:
            raise GenerationError(endpoint.empty(heard.finish, heard.thought))
        if heard.finish is None:
            raise GenerationError(endpoint.cut())

    def _ending(self, heard: _Heard) -> dict[str, Scalar]:
        details: dict[str, Scalar] = {"cut_at_limit": True} if heard.finish == "length" else {}
        if heard.tokens:
            read, written = (float(count or 0) for count in heard.tokens.values())
            cost = llm_cost(self._settings, self._settings.llm_model, read, written)
            details |= heard.tokens | ({} if cost is None else {"cost_usd": cost})
        return details


def room_for_prompt(context: int) -> int:
    """Return the tokens of a window that a prompt may take; the rest is for the answer."""
    return context - min(_MOST_FOR_ANSWER, context // 4)


def _packing(prompt: Prompt) -> dict[str, Scalar]:
    details: dict[str, Scalar] = {
        "prompt": shown(prompt.messages),
        "prompt_tokens_estimated": prompt.tokens,
    }
    for name in ("left_out", "shortened", "merged"):
        if numbers := getattr(prompt, name):
            details[name] = ", ".join(map(str, numbers))
    return details
