"""Answers from a language model: passages packed into a prompt, and smaller if it is too long."""

from __future__ import annotations

from collections.abc import Generator as Pieces
from collections.abc import Sequence

from rag.errors import ProviderError
from rag.generate.base import Written
from rag.generate.prompt import Prompt, build_prompt, shown
from rag.llm.client import LanguageModel
from rag.llm.reply import Reply
from rag.llm.thinking import Thought
from rag.settings import Settings
from rag.types import Hit, Scalar

_MOST_FOR_ANSWER = 1500


class ModelGenerator:
    """Streams answers from the settings' model."""

    def __init__(self, settings: Settings) -> None:
        self._model = LanguageModel(settings)
        self.name = self._model.name
        self._system, self._user = self._model.prompt("system"), self._model.prompt("user")

    def prompt(self, question: str, hits: Sequence[Hit], room: int = 0) -> Prompt:
        """Return the exact prompt that `stream` would send, into ``room`` tokens if given."""
        room = room or room_for_prompt(self._model.settings.llm_context)
        return build_prompt(question, hits, room, self._system, self._user)

    def stop(self) -> None:
        """End what is under way at once: the server sees that nobody listens any more."""
        self._model.stop()

    def stream(self, question: str, hits: Sequence[Hit]) -> Pieces[str | Thought, None, Written]:
        """Yield pieces of the answer; raises `ProviderError` in plain words.

        A prompt that is too long for the model is packed into half its size and sent again; the
        details report that.
        """
        prompt, smaller = self.prompt(question, hits), 0
        while True:
            try:
                reply = yield from self._model.stream(prompt.messages)
                break
            except ProviderError as error:
                half = self.prompt(question, hits, prompt.tokens // 2)
                if not error.too_long or half.tokens >= prompt.tokens:
                    raise
                prompt, smaller = half, smaller + 1
        if reply.problem:
            raise ProviderError(reply.problem)
        details: dict[str, Scalar] = {"packed_smaller": smaller} if smaller else {}
        return Written(
            prompt=shown(prompt.messages),
            left_out=prompt.left_out,
            shortened=prompt.shortened,
            merged=prompt.merged,
            details={
                **details,
                "prompt_tokens_estimated": prompt.tokens,
                **self._ending(reply),
            },
        )

    def _ending(self, reply: Reply) -> dict[str, Scalar]:
        details: dict[str, Scalar] = {"cut_at_limit": True} if reply.finish == "length" else {}
        return details | (self._model.tokens([reply]) if reply.tokens else {})


def room_for_prompt(context: int) -> int:
    """Return the tokens of a window that a prompt may take; the rest is for the answer."""
    return context - min(_MOST_FOR_ANSWER, context // 4)
