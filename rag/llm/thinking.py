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
_OPEN = re.compile(rf"(?:<({_NAMES})>|(\[THINK\]))", re.IGNORECASE)
_CLOSE = re.compile(rf"(?:</{_NAMES}>|\[/THINK\])", re.IGNORECASE)
_LONGEST = len("</seed:think>")
_FENCE = re.compile(r"\s*(?:```|~~~)")


class Thought(NamedTuple):
    """A piece of what a model thought; no part of its answer.

    ``anew``: all that was yielded as the answer before was thinking too, and the answer begins now.
    """

    text: str
    anew: bool = False


class ThinkingParser:
    """Split text that arrives in pieces of any size into answer (str) and `Thought`.

    Nothing is held back but what may become a tag. Code in fences is left alone.
    """

    def __init__(self) -> None:
        self._buffer = ""
        self._inside = False
        self._line = ""
        self._fenced = False
        self._tagged = False

    def feed(self, piece: str) -> Iterator[str | Thought]:
        """Yield what is decided once ``piece`` has arrived."""
        self._buffer += piece
        yield from self._steps()

    def finish(self) -> Iterator[str | Thought]:
        """Yield what was held back; nothing more will come."""
        rest, self._buffer = self._buffer, ""
        yield from self._out(rest)

    def _steps(self) -> Iterator[str | Thought]:
        while tag := self._next_tag():
            before, self._buffer = self._buffer[: tag.start()], self._buffer[tag.end() :]
            closes = bool(_CLOSE.fullmatch(tag[0]))
            yield from self._out(before)
            if closes and not self._inside:
                yield Thought("", anew=True)
            self._inside = not closes
            self._tagged, self._line = True, ""
        held = self._held()
        ready, self._buffer = self._buffer[:held], self._buffer[held:]
        yield from self._out(ready)

    def _out(self, text: str) -> Iterator[str | Thought]:
        """Yield a text; of the answer, remember its last line and whether it is in a fence."""
        if not text:
            return
        if self._inside:
            yield Thought(text)
            return
        self._line, self._fenced = self._after(text)
        yield text

    def _next_tag(self) -> re.Match[str] | None:
        """Return the next tag that counts: the end of thinking, or a start on a line of its own."""
        if self._inside:
            return _CLOSE.search(self._buffer)
        found = [*_OPEN.finditer(self._buffer)]
        if not self._tagged:
            found += _CLOSE.finditer(self._buffer)
        counts = [tag for tag in found if self._begins_line(tag.start())]
        return min(counts, key=lambda tag: tag.start(), default=None)

    def _begins_line(self, at: int) -> bool:
        """Return whether only blanks stand before a place on its line, outside of fenced code."""
        line, fenced = self._after(self._buffer[:at])
        return not line.strip() and not fenced

    def _after(self, text: str) -> tuple[str, bool]:
        """Return the line that is being written once ``text`` is, and whether it is in a fence."""
        *lines, last = (self._line + text).split("\n")
        return last, self._fenced ^ (sum(1 for line in lines if _FENCE.match(line)) % 2 == 1)

    def _held(self) -> int:
        """Return the place from which the buffer may be the start of a tag."""
        at = max(self._buffer.rfind(sign, -_LONGEST) for sign in "<[")
        if at < 0 or ">" in self._buffer[at:] or "]" in self._buffer[at:]:
            return len(self._buffer)
        return at
