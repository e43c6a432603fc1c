"""Text that keeps the places of its words on a page while it is cut and joined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ingest.loaders.base import Box, Words


@dataclass(frozen=True, slots=True)
class BoxedText:
    """Text and where its words stand; a word that is cut at the end of a line has two boxes."""

    text: str
    words: Words = ()

    def cut(self, start: int, end: int | None = None) -> BoxedText:
        """Return ``text[start:end]`` with its boxes; a word that is cut keeps its share."""
        start, end, _ = slice(start, end).indices(len(self.text))
        words = (
            (max(a, start) - start, min(b, end) - start, part_of(box, a, b, start, end))
            for a, b, box in self.words
            if max(a, start) < min(b, end)
        )
        return BoxedText(self.text[start:end], tuple(words))

    def strip(self) -> BoxedText:
        """Return the text without white space around it."""
        start = len(self.text) - len(self.text.lstrip())
        return self.cut(start, start + len(self.text.strip()))


def joined(parts: Iterable[BoxedText], between: str = "") -> BoxedText:
    """Return texts as one, with ``between`` between each two."""
    texts: list[str] = []
    words: list[tuple[int, int, Box]] = []
    position = 0
    for part in parts:
        texts.append(part.text)
        words += ((a + position, b + position, box) for a, b, box in part.words)
        position += len(part.text) + len(between)
    return BoxedText(between.join(texts), tuple(words))


def part_of(box: Box, a: int, b: int, start: int, end: int) -> Box:
    """Return the part of a word's box (letters ``a:b``) that its letters in ``start:end`` take."""
    left, top, right, bottom = box
    letter = (right - left) / (b - a)
    first = round(left + letter * max(0, start - a))
    return first, top, round(right - letter * max(0, b - end)), bottom
