"""Citation markers in a model's text, parsed while it streams.

Models write ``[1]``, ``[1, 2]``, ``[1-3]``, ``[[3]]``, ``[^2]``, ``[Source 4]``, ``【1】`` and
``【1†source】``; all become plain ``[n]`` markers, one a passage. Numbers that cite no passage are
taken out and counted; numbers of three or more digits are no citations unless a passage has that
number, and code is left as it is. A range is a citation if it plainly is one of a few given
passages and ends a clause; a scale such as ``[1-5]`` stays text. So do an index, ``m[2, 1]`` in the
middle of a clause, and whatever has a colon: ``a[1:3]``, ``John [3:16]``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rag.types import Citation, Hit

_NUMBER = r"(?:(?:passage|source|document|doc|ref|citation)s?\.? ?)?\^?[1-9][0-9]{0,3}"
# Possessive: what follows a † is tried in one way only, however many more there are.
_TAIL = r"(?:(?::[0-9]{1,4})?†[^\[\]【】\n]{0,190}+)?+"
_LIST = rf"{_NUMBER}{_TAIL}(?: ?(?:[,;&–—-]| and ) ?{_NUMBER}{_TAIL}){{0,30}}"
_MARKER = re.compile(rf"(?:\[\[ ?{_LIST} ?\]\]|\[ ?{_LIST} ?\]|【 ?{_LIST} ?】)", re.IGNORECASE)
_LONGEST = 200
_WIDEST_RANGE = 4  # passages
_CLAUSE_ENDS = ".,;:!?…)]}»”’\"'*_|—–\r\n[【。，、；：！？）」』"
_NEXT_SIGN = 8  # characters after a marker, of which one shows whether a clause ends
_PLAIN = re.compile(r"[【†^]|[a-z]{3}", re.IGNORECASE)  # only a citation looks like that
_SEVERAL = re.compile(r"[0-9]\D+[0-9]")
_LONGEST_CODE = 2000  # characters between backticks on one line, and of a line that ends a fence
_LONGEST_RUN = 100  # backticks: more open no code, and are not waited for
_UNFINISHED = re.compile(r"\[\[?[^\[\]【】\n]*\]?|【[^\[\]【】\n]*")
_SPECIAL = re.compile(r"`+|\[|【")
_RANGE = re.compile(r"([0-9]{1,4})(?: ?[–—-] ?\D{0,12}?([0-9]{1,4}))?")
_SOURCE = re.compile(r"†[^\[\]【】,;]*|:[0-9]+")


class _Step(NamedTuple):
    """What was decided about the buffer up to ``end``: write ``text``, then cite ``numbers``."""

    end: int
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
        self._at = 0  # what is before it in the buffer is decided
        self._before = ""  # the character before the buffer
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
        """Return what was still held back when the text broke off, less a half marker."""
        rest = self._buffer.lstrip(" \t")
        half = _UNFINISHED.fullmatch(rest) and not _MARKER.fullmatch(rest)
        return "" if half else self.finish()

    def _advance(self, piece: str, end: bool) -> str:
        self._buffer += piece
        out = [self._apply(step) for step in self._steps(end)]
        self._before = self._buffer[self._at - 1] if self._at else self._before
        self._buffer, self._at = self._buffer[self._at :], 0
        return "".join(out)

    def _steps(self, end: bool) -> Iterator[_Step]:
        while self._at < len(self._buffer):
            step = self._code(end) if self._fence else self._prose(end)
            if step is None:
                return
            yield step

    def _apply(self, step: _Step) -> str:
        _, line_break, rest = self._buffer[self._at : step.end].rpartition("\n")
        self._line_start = (bool(line_break) or self._line_start) and not rest.strip(" \t>")
        self._fence = self._fence if step.fence is None else step.fence
        self._at = step.end
        text = step.text
        for number in step.numbers:
            start = self._written + len(text)
            text += f"[{number}]"
            end = self._written + len(text)
            chunk = self._hits[number - 1].chunk
            self.citations.append(Citation(number, chunk.id, start, end))
        self._written += len(text)
        return text

    def _as_it_is(self, end: int, fence: int | None = None) -> _Step:
        return _Step(end, self._buffer[self._at : end], fence=fence)

    def _prose(self, end: bool) -> _Step | None:
        special = _SPECIAL.search(self._buffer, self._at)
        stop = special.start() if special else len(self._buffer)
        # Spaces wait for what follows: a marker that cites nothing takes them along.
        before = self._buffer[self._at : stop]
        plain = self._at + max(len(before.rstrip(" \t")), len(before) - _LONGEST)
        if special is None:
            plain = stop if end else plain
            return self._as_it_is(plain) if plain > self._at else None
        if plain > self._at:
            return self._as_it_is(plain)
        if special[0].startswith("`"):
            return self._backticks(special, end)
        return self._bracket(special.start(), end)

    def _bracket(self, at: int, end: bool) -> _Step | None:
        if marker := _MARKER.match(self._buffer, at, at + _LONGEST):
            ends = not self._needs_clause_end(marker) or self._ends_clause(marker.end(), end)
            return None if ends is None else self._marker(self._buffer[self._at : at], marker, ends)
        rest = self._buffer[at : at + _LONGEST]
        if len(rest) < _LONGEST and not end and _UNFINISHED.fullmatch(rest):
            return None
        return self._as_it_is(at + 1)

    def _needs_clause_end(self, marker: re.Match[str]) -> bool:
        """Return whether a marker may be a scale, or an index if it follows a letter or digit."""
        if _PLAIN.search(marker[0]):
            return False
        if _ranges(marker[0]):
            return True
        at = marker.start()
        before = self._buffer[at - 1] if at else self._before
        name = before.isascii() and (before.isalnum() or before == "_")
        return name and bool(_SEVERAL.search(marker[0]))

    def _ends_clause(self, at: int, end: bool) -> bool | None:
        """Return whether a clause ends at a place; None if that has not arrived."""
        near = self._buffer[at : at + _NEXT_SIGN]
        sign = near.lstrip(" \t")[:1]
        if not sign and len(near) < _NEXT_SIGN and not end:
            return None
        return not sign or sign in _CLAUSE_ENDS

    def _marker(self, space: str, marker: re.Match[str], ends: bool) -> _Step:
        numbers = numbers_in(marker[0])
        if not ends or not all(
            self._cites(low, high, marker[0]) for low, high in _ranges(marker[0])
        ):
            return _Step(marker.end(), space + marker[0])
        known = tuple(n for n in numbers if n <= len(self._hits))
        if not known and max(numbers) > 99:
            return _Step(marker.end(), space + marker[0])
        if not known:
            self.unknown += 1
            return _Step(marker.end())
        return _Step(marker.end(), space, known)

    def _cites(self, low: int, high: int, marker: str) -> bool:
        """Return whether a range plainly names passages: a few, all given, and none that quotes it.

        A scale (“from [1-5]”) is read in documents more often than five passages are cited at once.
        """
        given = low < high <= len(self._hits) and high - low < _WIDEST_RANGE
        return given and not any(marker in hit.chunk.text for hit in self._hits)

    def _backticks(self, special: re.Match[str], end: bool) -> _Step | None:
        """Code in backticks on one line is left alone; a backtick with no partner is plain text."""
        run, after = special[0], special.end()
        if len(run) > _LONGEST_RUN:
            return self._as_it_is(after)
        if after == len(self._buffer) and not end:
            return None
        line = self._buffer.find("\n", after)
        stop = line if line >= 0 else len(self._buffer)
        stop = min(stop, after + _LONGEST_CODE)
        closing = re.compile(rf"(?<!`){run}(?!`)").search(self._buffer, after, stop)
        if closing and (closing.end() < len(self._buffer) or end):
            return self._as_it_is(closing.end())
        if line < 0 and not end and len(self._buffer) - after <= _LONGEST_CODE:
            return None
        if len(run) >= 3 and self._line_start:
            return self._as_it_is(stop, fence=len(run))
        return self._as_it_is(after)

    def _code(self, end: bool) -> _Step | None:
        """Inside a fenced block whole lines pass, until a line of nothing but its backticks."""
        line = self._buffer.find("\n", self._at + 1)
        if line < 0 and not end:
            if len(self._buffer) - self._at <= _LONGEST_CODE:
                return None
            return self._as_it_is(len(self._buffer))  # too long to be the end
        stop = line if line >= 0 else len(self._buffer)
        bare = self._buffer[self._at : stop].strip(" \t\r\n>")
        begins = self._buffer[self._at] == "\n"
        closes = begins and len(bare) >= self._fence and not bare.strip("`")
        return self._as_it_is(stop, fence=0 if closes else None)


def numbers_in(marker: str) -> tuple[int, ...]:
    """Return the passages that a marker names, ranges written out, each once, in their order."""
    found: dict[int, None] = {}
    for first, last in _RANGE.findall(_SOURCE.sub("", marker)):
        low, high = int(first), int(last or first)
        found |= dict.fromkeys(range(low, min(high, low + 99) + 1) if low <= high else (low, high))
    return tuple(found)


def _ranges(marker: str) -> list[tuple[int, int]]:
    """Return (first, last) of each range that a marker names."""
    pairs = _RANGE.findall(_SOURCE.sub("", marker))
    return [(int(first), int(last)) for first, last in pairs if last]


def without_markers(text: str) -> str:
    """Return ``text`` with everything that reads like a citation marker taken out."""
    return _MARKER.sub("", text)
