"""Small things in words: durations, moves, names that are safe on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def clean(text: str) -> str:
    """Return ``text`` on one line without control characters, which could steer a terminal."""
    return " ".join("".join(c if c.isprintable() or c.isspace() else "�" for c in text).split())


def clean_lines(text: str) -> str:
    """Like `clean`, but spaces and line ends stay as they are (for streamed pieces of text)."""
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)


def duration(seconds: float) -> str:
    """Return a duration with the unit that suits it: ``12 ms``, ``3.4 s``, ``2 min 05 s``."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def move(before: int | None, after: int) -> str:
    """Return how a passage moved: ``▲2``, ``▼1``, ``=``, or ``new`` if it had no rank."""
    if before is None:
        return "new"
    if before == after:
        return "="
    return f"▲{before - after}" if before > after else f"▼{after - before}"


def counted(statuses: Iterable[str]) -> str:
    """Return ``3 added, 1 failed`` in the order in which the statuses first came."""
    return ", ".join(f"{count} {status}" for status, count in Counter(statuses).items())
