"""Table rows as something to read, and the cell of one that answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence, Set

from rag.generate.extract.question import ParsedQuestion, question_terms
from rag.generate.extract.tables import TableRow
from rag.text.periods import is_period, may_be, period
from rag.text.words import term, terms

_PAIRS = re.compile(r"; (?=[^:;]{1,60}: )")
_BRACKETED = re.compile(r"\([^()]*\)")
_SHOWN = 6
_LONGEST_CELL = 60
_OWN, _ALL = 0.5, 0.6


def columns(row: str) -> list[tuple[str, str]]:
    """Return a row's (column, value) pairs; a value may hold semicolons."""
    pairs = [pair.partition(": ") for pair in _PAIRS.split(row.strip())]
    return [(name.strip(), value.strip()) for name, _, value in pairs if value.strip()]


def is_named(row: str, question: str) -> bool:
    """Return whether a question names a row by a value of letters and figures (``A-107``)."""
    return any(
        re.search(r"\d", value)
        and re.search(r"[^\W\d_]", value)
        and re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", question, re.IGNORECASE)
        for _, value in columns(row)
    )


def read_out(row: str, question: ParsedQuestion) -> str:
    """Return ``First value — Column: value · Column: value``, the columns asked for first to stay.

    A wide row keeps its first column and the five others that share most with the question.
    """
    pairs = [f"{name}: {value}" for name, value in columns(row)]
    if len(pairs) < 2:
        return pairs[0] if pairs else row
    order = sorted(range(1, len(pairs)), key=lambda i: -len(terms(pairs[i]) & question.terms))
    kept = sorted(order[: _SHOWN - 1])
    more = " · …" if len(kept) < len(order) else ""
    return f"{columns(row)[0][1]} — {' · '.join(pairs[i] for i in kept)}{more}"


def cell(row: str, question: ParsedQuestion) -> str:
    """Return the value whose column the question names, if the question lacks that value."""
    asked = [
        (len(terms(name) & question.terms), value)
        for name, value in columns(row)
        if not terms(value) & question.terms
    ]
    best = max(asked, default=(0, ""), key=lambda pair: pair[0])
    return best[1] if best[0] and len(best[1]) <= _LONGEST_CELL else ""


def read_cells(row: TableRow, question: ParsedQuestion, context: str = "") -> str:
    """Return ``Label, column: value (in millions)`` for the column asked for, else all columns."""
    at = column(question, row.columns, f"{context} {row.label}")
    if at >= 0:
        return f"{row.full_label}, {row.columns[at]}: {with_unit(row, at)}"
    named = [
        f"{name}: {value}" if name else value
        for name, value in zip(row.columns or [""] * len(row.values), row.values, strict=True)
    ]
    unit = f" ({_plain(row.unit)})" if row.unit else ""
    more = " · …" if len(named) > _SHOWN else ""
    return f"{row.full_label} — {' · '.join(named[:_SHOWN])}{more}{unit}"


def with_unit(row: TableRow, at: int) -> str:
    """Return a value with the unit of its table, ``$5 (in millions)``; a share needs none."""
    value = row.values[at]
    return f"{value} ({_plain(row.unit)})" if row.unit and "%" not in value else value


def answering(row: TableRow, question: ParsedQuestion, required: Set[str], context: str) -> int:
    """Return the column of the value that answers, or -1 if that is not sure.

    The label may hold nothing that the question does not; row and column must hold half of what
    the question is about, with what introduces the table the better part, and all that is
    ``required`` (what sets the rows of these tables apart).
    """
    own = question_terms(_BRACKETED.sub("", row.label))
    if not own or own - {term("total")} - question.terms:
        return -1
    at = column(question, row.columns, f"{context} {row.label}")
    if at < 0 or not re.search(r"\d", row.values[at]):
        return -1
    around = terms(f"{row.above} {context} {row.full_label} {row.columns[at]}")
    apart = bool(row.section) and not terms(row.section) & question.terms
    if required - around or (apart and question.subject - around):
        return -1
    enough = is_period(row.label) or covered(row, at, question.subject) >= _OWN
    return at if enough and _share(question.subject, around) >= _ALL else -1


def column(question: ParsedQuestion, names: Sequence[str], context: str) -> int:
    """Return which column is asked for, the first of equals; -1 if none is for sure.

    ``context`` is what else is known of the row: its label, its document and headings. Without a
    time in the question only a single column, or the one that shares most words with it, is sure.
    """
    wanted, around = period(question.text), period(context)
    own = [period(name) for name in names]
    fitting = [i for i in range(len(names)) if may_be(wanted, own[i], around)]
    scores = {
        i: len(terms(names[i]) & question.terms)
        + 0.5 * (wanted.months > 0 and own[i].months == wanted.months)
        for i in fitting
    }
    best = [i for i in fitting if scores[i] == max(scores.values())]
    sure = wanted or len(names) == 1 or (len(best) == 1 and scores[best[0]] > 0)
    # Three and nine months that end on the same day are different answers.
    alike = len({own[i].months for i in best}) == 1
    return best[0] if alike and sure else -1


def covered(row: TableRow, at: int, subject: Collection[str]) -> float:
    """Return how much of what a question is about a row and a column's name hold, 0 to 1."""
    return _share(subject, terms(f"{row.full_label} {row.columns[at]}"))


def _share(wanted: Collection[str], held: Collection[str]) -> float:
    return len(set(wanted) & set(held)) / len(wanted) if wanted else 0.0


def _plain(unit: str) -> str:
    return unit.split(",")[0].split(" except")[0]
