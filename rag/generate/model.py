"""Answers from a language model: passages packed into a prompt, and smaller if it is too long."""

from __future__ import annotations

from collections.abc import Generator as Pieces
from collections.abc import Sequence

from rag.errors import ProviderError
from rag.generate.base import Written
from rag.generate.prompt import build_prompt, shown
from rag.llm.client import LanguageModel
from rag.llm.thinking import Thought
from rag.settings import Settings
from rag.types import Hit, Scalar

_MOST_FOR_ANSWER = 1500


class ModelGenerator:
    """Streams answers from the settings' model."""

    def __init__(self, settings: Settings) -> None:
        self._model = LanguageModel(settings)
        self.name = self._model.name
        self._texts = self._model.prompt("system"), self._model.prompt("user")

    def stop(self) -> None:
        """End what is under way at once: the server sees that nobody listens any more."""
        self._model.stop()

    def stream(self, question: str, hits: Sequence[Hit]) -> Pieces[str | Thought, None, Written]:
        """Yield pieces of the answer; raises `ProviderError` in plain words.

        A prompt that is too long for the model is packed into half its size and sent again; the
        details report that.
        """
        context = self._model.settings.llm_context
        room = context - min(_MOST_FOR_ANSWER, context // 4)  # the rest is for the answer
        prompt, smaller = build_prompt(question, hits, room, *self._texts), 0
        while True:
            try:
                reply = yield from self._model.stream(prompt.messages)
                break
            except ProviderError as error:
                half = build_prompt(question, hits, prompt.tokens // 2, *self._texts)
                if not error.too_long or half.tokens >= prompt.tokens:
                    raise
                prompt, smaller = half, smaller + 1
        if reply.problem:
            raise ProviderError(reply.problem)
        details: dict[str, Scalar] = {"packed_smaller": smaller} if smaller else {}
        details["prompt_tokens_estimated"] = prompt.tokens
        if reply.cut:
            details["cut_at_characters"] = self._model.settings.max_answer_characters
        elif reply.finish == "length":
            details["cut_at_limit"] = True
        if reply.tokens:
            details |= self._model.tokens([reply])
        return Written(
            prompt=shown(prompt.messages),
            left_out=prompt.left_out,
            shortened=prompt.shortened,
            merged=prompt.merged,
            details=details,
        )
