"""Table rows as something to read, and the cell of one that answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Set

from rag.generate.facts import term, words_of
from rag.generate.periods import column
from rag.generate.question import Asked, question_terms
from rag.generate.tables import Row, is_period

_PAIRS = re.compile(r"; (?=[^:;]{1,60}: )")
_SHOWN = 6
_OWN, _ALL = 0.5, 0.6


def columns(row: str) -> list[tuple[str, str]]:
    """Return a row's (column, value) pairs; a value may hold semicolons."""
    pairs = [pair.partition(": ") for pair in _PAIRS.split(row.strip())]
    return [(name.strip(), value.strip()) for name, _, value in pairs if value.strip()]


def is_named(row: str, question: str) -> bool:
    """Tell whether a question names a row: by a value that has letters and figures (``A-107``)."""
    codes = [value for _, value in columns(row) if re.search(r"\d", value)]
    return any(
        re.search(r"[^\W\d_]", code)
        and re.search(rf"(?<![\w-]){re.escape(code)}(?![\w-])", question, re.IGNORECASE)
        for code in codes
    )


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
        (len(words(name) & set(terms)), value)
        for name, value in columns(row)
        if not words(value) & set(terms)
    ]
    best = max(asked, default=(0, ""), key=lambda pair: pair[0])
    return best[1] if best[0] and len(best[1]) <= 60 else ""


def read_cells(row: Row, asked: Asked, context: str = "") -> str:
    """Return ``Label, column: value (in millions)`` for the column asked for, else all columns."""
    at = column(asked.text, row.columns, asked.terms, f"{context} {row.label}")
    if at >= 0:
        return f"{label(row)}, {row.columns[at]}: {valued(row, at)}"
    named = [
        f"{name}: {value}" if name else value
        for name, value in zip(row.columns or [""] * len(row.values), row.values, strict=True)
    ]
    unit = f" ({_plain(row.unit)})" if row.unit else ""
    more = " · …" if len(named) > _SHOWN else ""
    return f"{label(row)} — {' · '.join(named[:_SHOWN])}{more}{unit}"


def label(row: Row) -> str:
    """Return a row's label, after the section that it belongs to."""
    return f"{row.section}: {row.label}" if row.section else row.label


def valued(row: Row, at: int) -> str:
    """Return a value with the unit of its table, ``$5 (in millions)``; a share needs none."""
    value = row.values[at]
    return f"{value} ({_plain(row.unit)})" if row.unit and "%" not in value else value


def answering(row: Row, asked: Asked, required: Set[str], context: str) -> int:
    """Return the column of the value that answers, or -1 where that is not sure.

    The label may say nothing that the question does not; row and column must tell half of what
    the question is about, with what introduces the table the better part, and all that is
    ``required`` (what tells the rows of these tables apart).
    """
    own = question_terms(re.sub(r"\(.*?\)", "", row.label))
    if not own or own - {term("total")} - asked.terms:
        return -1
    at = column(asked.text, row.columns, asked.terms, f"{context} {row.label}")
    if at < 0 or not re.search(r"\d", row.values[at]):
        return -1
    around = words(f"{row.above} {context} {label(row)} {row.columns[at]}")
    apart = bool(row.section) and not words(row.section) & asked.terms
    if required - around or (apart and asked.subject - around):
        return -1
    enough = is_period(row.label) or told(row, at, asked.subject) >= _OWN
    return at if enough and _share(asked.subject, around) >= _ALL else -1


def told(row: Row, at: int, subject: Collection[str]) -> float:
    """Return how much of what a question is about a row and the name of a column tell, 0 to 1."""
    return _share(subject, words(f"{label(row)} {row.columns[at]}"))


def words(text: str) -> set[str]:
    """Return the words of a text as questions and sentences are compared."""
    return {term(word) for word in words_of(text)}


def _share(asked: Collection[str], told: Collection[str]) -> float:
    return len(set(asked) & set(told)) / len(asked) if asked else 0.0


def _plain(unit: str) -> str:
    return unit.split(",")[0].split(" except")[0]


def _shared(pair: tuple[str, str], terms: Collection[str]) -> int:
    return len(words(f"{pair[0]} {pair[1]}") & set(terms))
