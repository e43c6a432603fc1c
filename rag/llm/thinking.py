"""What a model thought before it answered, kept apart from the answer while it streams.

Models that reason write their thinking between ``<think>`` and ``</think>`` at the start of a line
(DeepSeek-R1, Qwen and many others; Magistral writes ``[THINK]``). If the chat template opens it for
them, only the closing tag comes: then all text before it was thinking.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_NAMES = r"(?:think|thinking|thought|thoughts|reasoning|seed:think)"
_TAG = re.compile(
    rf"(?P<opens><{_NAMES}>|\[THINK\])|(?P<closes></{_NAMES}>|\[/THINK\])", re.IGNORECASE
)
_LONGEST = len("</seed:think>")
_FENCES = ("```", "~~~")


class Thought(NamedTuple):
    """A piece of what a model thought; no part of its answer.

    ``anew``: all that was yielded as the answer before was thinking too, and the answer begins now.
    """

    text: str
    anew: bool = False


class ThinkingParser:
    """Split text that arrives in pieces of any size into answer (str) and `Thought`.

    Nothing is held back but what may become a tag. Code in fences is left alone. Every character
    is looked at once, whatever the size of the pieces.
    """

    def __init__(self) -> None:
        self._buffer = ""
        self._inside = False
        self._line = ""  # the first signs of the answer's line that is being written
        self._fenced = False
        self._tagged = False

    def feed(self, piece: str) -> Iterator[str | Thought]:
        """Yield what is decided once ``piece`` has arrived."""
        self._buffer += piece
        yield from self._steps()

    def finish(self) -> Iterator[str | Thought]:
        """Yield what was held back; nothing more will come."""
        rest, self._buffer = self._buffer, ""
        if rest:
            yield Thought(rest) if self._inside else rest

    def _steps(self) -> Iterator[str | Thought]:
        buffer, at, seen = self._buffer, 0, 0  # up to ``at`` it is decided, up to ``seen`` read
        for tag in _TAG.finditer(buffer):
            self._read(buffer[seen : tag.start()])
            seen = tag.start()
            if not self._counts(tag):
                continue
            yield from self._out(buffer[at : tag.start()])
            if tag["closes"] and not self._inside:
                yield Thought("", anew=True)
            self._inside, self._tagged, self._line = bool(tag["opens"]), True, ""
            at = seen = tag.end()
        held = max(seen, _held(buffer))
        self._read(buffer[seen:held])
        self._buffer = buffer[held:]
        yield from self._out(buffer[at:held])

    def _out(self, text: str) -> Iterator[str | Thought]:
        if text:
            yield Thought(text) if self._inside else text

    def _counts(self, tag: re.Match[str]) -> bool:
        """Return whether a tag is one: the end of thinking, or a start on a line of its own.

        Without a start, the first end on a line of its own is one too.
        """
        if self._inside:
            return bool(tag["closes"])
        if self._line or self._fenced:
            return False
        return bool(tag["opens"]) or not self._tagged

    def _read(self, text: str) -> None:
        """Follow the answer's text: how its line begins, and whether it is in a fence."""
        if self._inside or not text:
            return
        first, *others = text.split("\n")
        lines = [_start(self._line + first), *map(_start, others)]
        self._fenced ^= sum(line in _FENCES for line in lines[:-1]) % 2 == 1
        self._line = lines[-1]


def _start(line: str) -> str:
    """Return the first three signs of a line that are no space."""
    return line.lstrip()[:3]


def _held(buffer: str) -> int:
    """Return the place from which the buffer may be the start of a tag."""
    at = max(buffer.rfind(sign, max(0, len(buffer) - _LONGEST)) for sign in "<[")
    if at < 0 or ">" in buffer[at:] or "]" in buffer[at:]:
        return len(buffer)
    return at
