"""Places in a text: characters ``start`` to ``end``."""

from __future__ import annotations

from collections.abc import Iterator

Span = tuple[int, int]


def trimmed(text: str, start: int, end: int) -> Span:
    """Return the span without white space at its ends; a blank one is empty."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def lines(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the lines of ``text[start:end]`` without their line breaks."""
    while (stop := text.find("\n", start, end)) >= 0:
        yield start, stop
        start = stop + 1
    yield start, end


def pieces(text: str, start: int, end: int, most: int) -> Iterator[Span]:
    """Cut a span into pieces of at most ``most`` characters, between words if there are any."""
    while start < end:
        stop = min(start + most, end)
        if stop < end and not text[stop].isspace():
            space = max(text.rfind(sign, start + most // 3, stop) for sign in " \n\t")
            stop = space if space > start else stop
        first, last = trimmed(text, start, stop)
        if first < last:
            yield first, last
        start = stop


def shared(first: Span, second: Span) -> int:
    """Return how many characters two spans have in common."""
    return max(0, min(first[1], second[1]) - max(first[0], second[0]))
