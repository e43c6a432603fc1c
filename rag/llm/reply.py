"""From the pieces that a provider sends to a reply: thinking kept apart, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rag.errors import ProviderError
from rag.llm.base import Finish, Piece
from rag.llm.faults import Endpoint
from rag.llm.thinking import ThinkingParser, Thought


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model wrote and what it used.

    ``problem`` is why the text is no complete answer, in plain words: nothing was written, the
    model declined, the stream broke off. ``tokens`` are those read and written, None if the
    provider does not count them. ``cut``: the rest was not read, it was longer than
    ``max_answer_characters``.
    """

    text: str
    tokens: tuple[int, int] | None = None
    finish: Finish | None = None
    problem: str = ""
    retries: int = 0
    cut: bool = False


class ArrivingReply:
    """A reply while its pieces arrive; what is longer than ``most`` characters is cut off."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._texts: list[str] = []
        self._thought = False
        self._finish: Finish | None = None
        self._refusal = ""
        self._tokens: tuple[int, int] | None = None

    def parts(self, pieces: Iterator[Piece]) -> Iterator[str | Thought]:
        """Yield what pieces hold, thinking kept apart; what was held back comes before an error."""
        parser = ThinkingParser()
        try:
            for piece in pieces:
                self._finish = piece.finish or self._finish
                self._refusal += self._within(piece.refusal)
                self._tokens = piece.tokens or self._tokens
                if thought := self._within(piece.thought):
                    yield self._noted(Thought(thought))
                yield from map(self._noted, parser.feed(self._within(piece.text)))
                if self._left < 0:
                    break
        except ProviderError:
            yield from map(self._noted, parser.finish())
            raise
        yield from map(self._noted, parser.finish())

    def reply(self, endpoint: Endpoint) -> Reply:
        """Return the reply; the ``endpoint`` words what is wrong with it."""
        text, problem, cut = "".join(self._texts).strip(), "", self._left < 0
        if self._refusal or self._finish == "filter":
            reason = endpoint.clean(self._refusal) or "the content filter stepped in"
            problem = endpoint.words("declined", reason=reason)
        elif not text:
            problem = endpoint.words("characters" if cut else self._nothing_written())
        return Reply(text, self._tokens, "length" if cut else self._finish, problem, cut=cut)

    def _nothing_written(self) -> str:
        """Return the line of `WORDS` for a reply that ended without text."""
        if self._finish == "length":
            return "limit"
        return "thought" if self._thought else "empty"

    def _within(self, text: str) -> str:
        """Return as much of a text as the limit leaves room for."""
        kept = text[: max(0, self._left)]
        self._left -= len(text)
        return kept

    def _noted(self, part: str | Thought) -> str | Thought:
        if isinstance(part, str):
            self._texts.append(part)
        else:
            self._thought = True
            self._texts = [] if part.anew else self._texts
        return part
