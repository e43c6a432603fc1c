"""A number with its noun: ``1 passage``, ``1,200 passages``."""

from __future__ import annotations


def plural(count: float, noun: str, many: str = "") -> str:
    """Return ``count`` with ``noun``, or with ``many`` (by default ``noun`` + s) if it is not 1.

    >>> plural(1, "judgement is", "judgements are")
    '1 judgement is'
    """
    number = f"{count:,}" if isinstance(count, int) else f"{count:g}"
    return f"{number} {noun if count == 1 else many or noun + 's'}"
