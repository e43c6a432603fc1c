"""What one provider's client does: it sends messages, yields pieces, and explains its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rag.llm.faults import Failure
from rag.llm.wire import Wire

Finish = Literal["stop", "length", "filter"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: Literal["system", "user"]
    content: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a reply: text, a refusal's words, how it ended, tokens read and written.

    ``thought`` is thinking that the provider itself keeps apart from the text.
    """

    text: str = ""
    thought: str = ""
    refusal: str = ""
    finish: Finish | None = None
    tokens: tuple[int, int] | None = None


def progress() -> Callable[[Piece], bool]:
    """Return what decides whether a piece of one reply brings it on.

    Text, thinking and a refusal's words do; an end and a count of tokens do so once each, because a
    server can repeat them for ever.
    """
    awaited = {"finish", "tokens"}

    def brings_on(piece: Piece) -> bool:
        new = {name for name in awaited if getattr(piece, name)}
        awaited.difference_update(new)
        return bool(piece.text or piece.thought or piece.refusal or new)

    return brings_on


class ChatClient(Protocol):
    """One small class a provider; `rag.llm.client` adds deadline, retries, stopping and words.

    A client makes one call at a time, over connections that its ``wire`` can cut. Every method may
    raise one of ``errors``, which `failure` then translates.
    """

    errors: tuple[type[Exception], ...]
    wire: Wire

    def send(self, messages: Sequence[Message], streamed: bool) -> Iterator[Piece]:
        """Send messages and yield the reply's pieces; all of it in one piece unless streamed.

        Nothing is sent before the first piece is taken.
        """
        ...

    def models(self) -> list[str]:
        """Return the names of the chat models there."""
        ...

    def failure(self, error: Exception) -> Failure:
        """Return what one of ``errors`` was."""
        ...
