"""Table rows, ``Column: value; Column: value``, as something to read."""

from __future__ import annotations

import re
from collections.abc import Collection

from rag.generate.facts import term

_PAIRS = re.compile(r"; (?=[^:;]{1,60}: )")
_SHOWN = 6


def columns(row: str) -> list[tuple[str, str]]:
    """Return a row's (column, value) pairs; a value may hold semicolons."""
    pairs = [pair.partition(": ") for pair in _PAIRS.split(row.strip())]
    return [(name.strip(), value.strip()) for name, _, value in pairs if value.strip()]


def read_out(row: str, terms: Collection[str]) -> str:
    """Return ``First value — Column: value · Column: value``, the columns asked for first to stay.

    A wide row keeps its first column and the five others that share most with the question.
    """
    pairs = columns(row)
    if not pairs:
        return row
    order = sorted(range(1, len(pairs)), key=lambda i: -_shared(pairs[i], terms))
    kept = sorted(order[: _SHOWN - 1])
    rest = " · ".join(f"{pairs[i][0]}: {pairs[i][1]}" for i in kept)
    more = " · …" if len(kept) < len(order) else ""
    return f"{pairs[0][1]} — {rest}{more}" if rest else f"{pairs[0][0]}: {pairs[0][1]}"


def cell(row: str, terms: Collection[str]) -> str:
    """Return the value whose column the question names, where its value is not in the question."""
    asked = [
        (len(_terms(name) & set(terms)), value)
        for name, value in columns(row)
        if not _terms(value) & set(terms)
    ]
    best = max(asked, default=(0, ""), key=lambda pair: pair[0])
    return best[1] if best[0] and len(best[1]) <= 60 else ""


def _shared(pair: tuple[str, str], terms: Collection[str]) -> int:
    return len(_terms(f"{pair[0]} {pair[1]}") & set(terms))


def _terms(text: str) -> set[str]:
    return {term(word) for word in re.findall(r"\w+", text)}
