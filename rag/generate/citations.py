"""Citation markers in a model's text, parsed while it streams.

Models write ``[1]``, ``[1, 2]``, ``[1-3]``, ``[[3]]``, ``[^2]``, ``[Source 4]``, ``【1】`` and
``【1†source】``; all become plain ``[n]`` markers, one a passage. Numbers that cite no passage are
taken out and counted; numbers of three or more digits are no citations unless a passage has that
number, and code is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rag.types import Citation, Hit

_NUMBER = r"(?:(?:passage|source|document|doc|ref|citation)s?\.? ?)?\^?[1-9][0-9]{0,3}"
_TAIL = r"(?::[0-9]{1,4})?(?:†[^\[\]【】\n]{0,60})?"
_LIST = rf"{_NUMBER}{_TAIL}(?: ?(?:[,;&–—-]| and ) ?{_NUMBER}{_TAIL}){{0,30}}"
_MARKER = re.compile(rf"(?:\[\[ ?{_LIST} ?\]\]|\[ ?{_LIST} ?\]|【 ?{_LIST} ?】)", re.IGNORECASE)
_LONGEST = 200
_UNFINISHED = re.compile(r"\[\[?[^\[\]【】\n]*\]?|【[^\[\]【】\n]*")
_SPECIAL = re.compile(r"[ \t]*(`+|\[|【)")
_RANGE = re.compile(r"([0-9]+)(?: ?[–—-] ?\D{0,12}?([0-9]+))?")
_SOURCE = re.compile(r"†[^\[\]【】,;]*|:[0-9]+")


class _Step(NamedTuple):
    """What was decided about the start of the buffer: take ``used`` characters, write ``text``."""

    used: int
    text: str = ""
    numbers: tuple[int, ...] = ()
    fence: int | None = None


class CitationParser:
    """Normalise citation markers in text that arrives in pieces of any size.

    ``citations`` grows while text is fed; their characters count in the text that was returned.
    ``unknown`` counts markers that cited nothing and were taken out.
    """

    def __init__(self, hits: Sequence[Hit]) -> None:
        self.citations: list[Citation] = []
        self.unknown = 0
        self._hits = hits
        self._buffer = ""
        self._written = 0
        self._fence = 0
        self._line_start = True

    def feed(self, piece: str) -> str:
        """Return the text that is decided once ``piece`` has arrived; never half a marker."""
        return self._advance(piece, end=False)

    def finish(self) -> str:
        """Return what was still held back; nothing more will come."""
        return self._advance("", end=True)

    def cut_off(self) -> str:
        """Return what was still held back where the text broke off, less a half marker."""
        half = _UNFINISHED.fullmatch(self._buffer.lstrip(" \t"))
        return "" if half else self.finish()

    def _advance(self, piece: str, end: bool) -> str:
        self._buffer += piece
        out = [self._apply(step) for step in self._steps(end)]
        return "".join(out)

    def _steps(self, end: bool) -> Iterator[_Step]:
        while self._buffer:
            step = self._code(end) if self._fence else self._prose(end)
            if step is None:
                return
            yield step

    def _apply(self, step: _Step) -> str:
        taken, self._buffer = self._buffer[: step.used], self._buffer[step.used :]
        line = taken.rpartition("\n")
        self._line_start = (bool(line[1]) or self._line_start) and not line[2].strip(" \t>")
        self._fence = self._fence if step.fence is None else step.fence
        text = step.text
        for number in step.numbers:
            start = self._written + len(text)
            text += f"[{number}]"
            end = self._written + len(text)
            chunk = self._hits[number - 1].chunk
            self.citations.append(Citation(number, chunk.id, start, end))
        self._written += len(text)
        return text

    def _prose(self, end: bool) -> _Step | None:
        special = _SPECIAL.search(self._buffer)
        if special is None:
            plain = len(self._buffer if end else self._buffer.rstrip(" \t"))
            return _Step(plain, self._buffer[:plain]) if plain else None
        if special.start():
            return _Step(special.start(), self._buffer[: special.start()])
        if special[1].startswith("`"):
            return self._backticks(special, end)
        return self._bracket(special, end)

    def _bracket(self, special: re.Match[str], end: bool) -> _Step | None:
        at = special.start(1)
        marker = _MARKER.match(self._buffer, at, at + _LONGEST)
        if marker:
            return self._marker(self._buffer[:at], marker)
        rest = self._buffer[at : at + _LONGEST]
        held = _UNFINISHED.fullmatch(rest)
        if held and len(rest) < _LONGEST and not end:
            return None
        return _Step(at + 1, self._buffer[: at + 1])

    def _marker(self, space: str, marker: re.Match[str]) -> _Step:
        numbers = numbers_in(marker[0])
        known = tuple(n for n in numbers if n <= len(self._hits))
        if not known and max(numbers) > 99:
            return _Step(marker.end(), space + marker[0])
        if not known:
            self.unknown += 1
            return _Step(marker.end())
        return _Step(marker.end(), space, known)

    def _backticks(self, special: re.Match[str], end: bool) -> _Step | None:
        """Code in backticks on one line is left alone; a backtick with no partner is plain text."""
        run, after = special[1], special.end()
        if after == len(self._buffer) and not end:
            return None
        line = self._buffer.find("\n", after)
        stop = line if line >= 0 else len(self._buffer)
        closing = re.compile(rf"(?<!`){run}(?!`)").search(self._buffer, after, stop)
        if closing and (closing.end() < len(self._buffer) or end):
            return _Step(closing.end(), self._buffer[: closing.end()])
        if line < 0 and not end:
            return None
        if len(run) >= 3 and self._line_start:
            return _Step(stop, self._buffer[:stop], fence=len(run))
        return _Step(after, self._buffer[:after])

    def _code(self, end: bool) -> _Step | None:
        """Inside a fenced block whole lines pass, until a line of nothing but its backticks."""
        line = self._buffer.find("\n", 1)
        if line < 0 and not end:
            return None
        stop = line if line >= 0 else len(self._buffer)
        bare = self._buffer[:stop].strip(" \t\r\n>")
        closes = len(bare) >= self._fence and not bare.strip("`")
        return _Step(stop, self._buffer[:stop], fence=0 if closes else None)


def numbers_in(marker: str) -> tuple[int, ...]:
    """Return the passages that a marker names, ranges written out, each once, in their order."""
    found: dict[int, None] = {}
    for first, last in _RANGE.findall(_SOURCE.sub("", marker)):
        low, high = int(first), int(last or first)
        found |= dict.fromkeys(range(low, min(high, low + 99) + 1) if low <= high else (low, high))
    return tuple(found)


def without_markers(text: str) -> str:
    """Return ``text`` with everything that reads like a citation marker taken out."""
    return _MARKER.sub("", text)
