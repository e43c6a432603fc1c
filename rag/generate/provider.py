"""What a provider of chat models is: it opens a stream, lists its models, explains its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rag.generate.faults import Endpoint, Failure
from rag.generate.prompt import Message

Finish = Literal["stop", "length", "filter"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One event of a stream: text, a refusal's words, how it ended, tokens read and written.

    ``thought`` is thinking that the provider itself tells apart from the text.
    """

    text: str = ""
    thought: str = ""
    refusal: str = ""
    finish: Finish | None = None
    tokens: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """Pieces as they come; ``close`` ends the connection at once, from any thread."""

    pieces: Iterator[Piece]
    close: Callable[[], None]


class Provider(Protocol):
    """One small class a provider: `rag.generate.llm` does the rest.

    Every method may raise one of ``errors``, which `failure` then translates.
    """

    name: str
    endpoint: Endpoint
    errors: tuple[type[Exception], ...]

    def open(self, messages: Sequence[Message]) -> Stream:
        """Send messages and return the answer's stream."""
        ...

    def stop(self) -> None:
        """Cut what is under way, at once and from any thread; `open` fails from now on."""
        ...

    def models(self) -> list[str]:
        """Return the names of the chat models there."""
        ...

    def failure(self, error: Exception) -> Failure:
        """Say what one of ``errors`` was."""
        ...

    def ready(self) -> bool:
        """Whether there is no need of a key that is not set."""
        ...
