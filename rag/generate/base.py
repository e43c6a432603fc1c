"""What a generator is, and the sentence with which every one of them refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from rag.llm.thinking import Thought
from rag.types import Hit, Scalar

REFUSAL = "The documents do not answer this question."


class Quote(NamedTuple):
    """The characters of passage ``number``'s text that support the sentence which cites it."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Written:
    """What a generator knows once it is done: it may ``return`` this from ``stream``.

    ``quotes`` are in the order of the markers in the text; ``prompt`` is what a model was given,
    ``left_out``, ``shortened`` and ``merged`` are numbers of passages in it; ``details`` are
    tokens, cost and the like.
    """

    quotes: tuple[Quote, ...] = ()
    prompt: str = ""
    left_out: tuple[int, ...] = ()
    shortened: tuple[int, ...] = ()
    merged: tuple[int, ...] = ()
    details: Mapping[str, Scalar] = field(default_factory=dict)


@runtime_checkable
class Stoppable(Protocol):
    """A generator that waits for a server, and can be stopped while it waits."""

    def stop(self) -> None:
        """End `Generator.stream` at once, from any thread: what it waits for is cut off."""
        ...


class Generator(Protocol):
    """Writes an answer from passages; an extension writes this one method.

    `rag.generate.answer.Answering` does the rest: it never calls a generator without passages,
    normalises its citations and keeps what arrived when it fails. One that waits for a server is
    `Stoppable` too.
    """

    @property
    def name(self) -> str:
        """What the answer is signed with: ``extractive``, ``openai:MODEL``."""
        ...

    def stream(self, question: str, hits: Sequence[Hit]) -> Iterator[str | Thought]:
        """Yield pieces of text that cite ``hits[n - 1]`` as ``[n]``; may return `Written`.

        Writes `REFUSAL` if the passages do not answer; raises `GenerationError`, or `ProviderError`
        for a server that fails.
        """
        ...
