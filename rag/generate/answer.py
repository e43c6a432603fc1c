"""An answer while it is being written, and what is left of it when something goes wrong."""

from __future__ import annotations

import inspect
import time
from collections.abc import Generator as Pieces
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import cast

from rag.errors import RanklensError
from rag.generate.base import REFUSAL, Generator, Quote, Stoppable, Written
from rag.generate.citations import CitationParser
from rag.llm.thinking import Thought
from rag.types import Answer, Citation, Hit


class Answering:
    """Iterate for pieces of text; ``answer`` is what has arrived so far, complete at the end.

    Never raises an error of ours: what arrived is kept and the reason is in ``answer.error``.
    Without passages, or with ones that are beside the point, it refuses and calls no generator.
    `close` stops early, from any thread. What a model thinks is no piece; it is in `thinking`, and
    if a model marks only afterwards that it was thinking, `text` begins anew.
    """

    def __init__(
        self,
        generator: Generator,
        question: str,
        hits: Sequence[Hit],
        relevance: float | None = None,
        refuse_below: float = 0.0,
        unmentioned: Sequence[str] = (),
    ) -> None:
        """``relevance`` of the passages (0 to 1), below ``refuse_below`` of which it refuses.

        A refusal lists the names that are ``unmentioned`` in them.
        """
        self._generator = generator
        self._question = question
        self._hits = tuple(hits)
        self._relevance = relevance
        self._unmentioned = tuple(unmentioned)
        self._refuse_below = refuse_below
        self._beside_the_point = relevance is not None and relevance < refuse_below
        self._parser = CitationParser(self._hits)
        # Lists: to append to a long text with every piece would copy it each time.
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._error = ""
        self._stopped = False
        self._seconds = 0.0
        self._first: float | None = None
        self._written = Written()
        self._pieces = self._run()

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    @property
    def text(self) -> str:
        """The text of the answer so far."""
        return "".join(self._texts)

    @property
    def thinking(self) -> str:
        """What the model has thought so far."""
        return "".join(self._thoughts)

    def close(self) -> None:
        """Stop; a generator that waits for a server hangs up, another stops at its next piece."""
        self._stopped = True
        if isinstance(self._generator, Stoppable):
            self._generator.stop()
        if inspect.getgeneratorstate(self._pieces) != inspect.GEN_RUNNING:
            # Another thread may have taken it up since: then it stops at its next piece.
            with suppress(ValueError):
                self._pieces.close()

    @property
    def answer(self) -> Answer:
        """The answer as far as it has arrived."""
        written, text = self._written, self.text
        unknown = {"unknown_citations": self._parser.unknown} if self._parser.unknown else {}
        return Answer(
            text=text,
            citations=_quoted(self._parser.citations, written.quotes),
            generator=self._generator.name,
            refused=is_refusal(text, cites=bool(self._parser.citations)),
            seconds=self._seconds,
            error=self._error,
            stopped=self._stopped,
            first_token_seconds=None if self._first is None else round(self._first, 4),
            relevance=None if self._relevance is None else round(self._relevance, 3),
            refused_below=self._refuse_below if self._beside_the_point else None,
            thinking=self.thinking.strip(),
            prompt=written.prompt,
            left_out=written.left_out,
            shortened=written.shortened,
            merged=written.merged,
            details={**written.details, **unknown},
        )

    def _run(self) -> Pieces[str, None, None]:
        started = time.perf_counter()
        try:
            for piece in self._raw():
                text = self._taken(piece)
                self._seconds = time.perf_counter() - started
                if text:
                    self._first = self._seconds if self._first is None else self._first
                    yield text
                if self._stopped:
                    return
            rest = self._parser.finish()
        except RanklensError as error:
            if self._stopped:  # it failed because it was cut off
                return
            self._error = str(error)
            rest = self._parser.cut_off()
        finally:
            self._seconds = time.perf_counter() - started
        if rest:
            self._texts.append(rest)
            yield rest

    def _taken(self, piece: str | Thought) -> str:
        """Add what a generator yielded; return the text of the answer that is decided by it."""
        if isinstance(piece, Thought):
            if piece.anew:
                self._thoughts += self._texts
                self._texts, self._parser = [], CitationParser(self._hits)
            self._thoughts.append(piece.text)
            return ""
        text = self._parser.feed(piece if self._texts else piece.lstrip())
        if text:
            self._texts.append(text)
        return text

    def _raw(self) -> Pieces[str | Thought, None, None]:
        if not self._hits or self._beside_the_point:
            yield REFUSAL + _lacking(self._unmentioned if self._hits else ())
            return
        stream = self._generator.stream(self._question, self._hits)
        written = yield from cast("Pieces[str | Thought, None, object]", stream)
        if isinstance(written, Written):
            self._written = written


def _lacking(names: Sequence[str]) -> str:
    """Return as a sentence what is not mentioned, nothing if there is no such name."""
    *others, last = names or [""]
    listed = f"{', '.join(others)} or {last}" if others else last
    return f" The nearest passages do not mention {listed}." if listed else ""


def is_refusal(text: str, cites: bool) -> bool:
    """Return whether an answer is that the documents do not answer.

    It begins with `REFUSAL`, or it holds it and cites nothing.
    """
    words = " ".join(text.split()).strip(" *_\"'").casefold()
    phrase = REFUSAL.rstrip(".").casefold()
    return words.startswith(phrase) or (phrase in words and not cites)


def _quoted(citations: Sequence[Citation], quotes: Sequence[Quote]) -> tuple[Citation, ...]:
    """Give each citation the next quote of its passage."""
    waiting = list(quotes)
    found = []
    for citation in citations:
        quote = next((q for q in waiting if q.number == citation.number), None)
        if quote:
            waiting.remove(quote)
            citation = replace(citation, quote_start=quote.start, quote_end=quote.end)
        found.append(citation)
    return tuple(found)
