"""What a model thought before it answered, told apart from the answer while it streams.

Models that reason write their thinking between ``<think>`` and ``</think>`` at the start of a line
(DeepSeek-R1, Qwen and many others; Magistral writes ``[THINK]``). Where the chat template opens it
for them only the closing tag comes: then all text before it was thinking.
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
        if rest:
            yield Thought(rest) if self._inside else rest

    def _steps(self) -> Iterator[str | Thought]:
        while True:
            tag = self._next_tag()
            if tag is None:
                break
            before, self._buffer = self._buffer[: tag.start()], self._buffer[tag.end() :]
            if _CLOSE.fullmatch(tag[0]) and not self._inside:
                yield from self._written(before)
                yield Thought("", anew=True)
            elif before:
                yield Thought(before) if self._inside else self._noted(before)
            self._inside = not _CLOSE.fullmatch(tag[0])
            self._tagged, self._line = True, ""
        held = self._held()
        ready, self._buffer = self._buffer[:held], self._buffer[held:]
        if ready:
            yield Thought(ready) if self._inside else self._noted(ready)

    def _written(self, text: str) -> Iterator[str]:
        if text:
            yield self._noted(text)

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
        """Tell whether only blanks stand before a place on its line, outside of fenced code."""
        before = self._line + self._buffer[:at]
        lines = before.split("\n")
        fenced = self._fenced ^ bool(sum(map(bool, map(_FENCE.match, lines[:-1]))) % 2)
        return not lines[-1].strip() and not fenced

    def _noted(self, text: str) -> str:
        """Remember the line that is being written and whether it is in a fence."""
        lines = (self._line + text).split("\n")
        self._fenced ^= bool(sum(map(bool, map(_FENCE.match, lines[:-1]))) % 2)
        self._line = lines[-1]
        return text

    def _held(self) -> int:
        """Return where the buffer's last characters may be the start of a tag."""
        at = max(self._buffer.rfind(sign, -_LONGEST) for sign in "<[")
        if at < 0 or ">" in self._buffer[at:] or "]" in self._buffer[at:]:
            return len(self._buffer)
        return at


def answered(text: str) -> str:
    """Return a complete text without the thinking in it."""
    parser, said = ThinkingParser(), ""
    for part in (*parser.feed(text), *parser.finish()):
        if isinstance(part, str):
            said += part
        elif part.anew:
            said = ""
    return said.strip()
