"""The cell of a table's row that answers a question, and how a row reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass

from rag.generate.extract.question import ParsedQuestion, question_terms
from rag.generate.extract.tables import TableRow
from rag.generate.extract.units import Unit
from rag.text.numbers import is_value
from rag.text.periods import DATE, fitting, period
from rag.text.words import term, terms

_BRACKETED = re.compile(r"\([^()]*\)")
_SHOWN, _LONGEST = 6, 60
_MOST, _LEAST = 0.75, 1 / 3


@dataclass(frozen=True, slots=True)
class Cell:
    """The value of a row that may answer: of ``column`` (-1: none is sure to be asked for).

    ``fit`` (0 to 1) is how well its names fit the question. ``lead`` is the short answer, empty if
    anything speaks against it.
    """

    column: int = -1
    fit: float = 0.0
    lead: str = ""


def cell(unit: Unit, question: ParsedQuestion, known: Set[str], required: Set[str]) -> Cell:
    """Return the cell of a row that answers.

    Its label holds nothing but words of the question; label, section, column and what stands above
    hold the question's names and all words that are ``required``, which set rows apart.
    ``known`` are words that hold for the whole document.
    """
    row = unit.row
    if not row or not row.columns or unit.part.kind == "row":
        return Cell(lead=_of_pairs(unit, row, question) if row else "")
    if question.kind not in ("", "amount", "number"):
        return Cell()
    own, full = (question_terms(_BRACKETED.sub("", label)) for label in (row.label, row.full_label))
    at = column(question, row, unit.home)
    around = known | terms(
        f"{unit.home} {row.above} {row.full_label} {row.columns[at] if at >= 0 else ''}"
    )
    cover = _share(question.subject, around)
    named = own - {term("total")} <= question.terms and bool(own & question.terms)
    held = (required | question.named) <= around
    share = _share(full, question.terms)
    sure = named and held and share >= _LEAST and _lasts(question, row, at)
    lead = with_unit(row, at) if at >= 0 and sure else ""
    fits = re.search(r"\d", lead) and _may_be(lead, question)
    return Cell(at, share * cover, lead if fits else "")


def column(question: ParsedQuestion, row: TableRow, home: str) -> int:
    """Return which column is asked for; -1 if none is for sure."""
    around, of_home = period(row.above), period(home)
    own = [period(f"{row.section} {row.label} {name}") or around or of_home for name in row.columns]
    possible = set(fitting(question.when, own, of_home))
    shares = {
        i: len(terms(name) & question.terms)
        for i, name in enumerate(row.columns)
        if i in possible or not own[i]
    }
    best = _best(shares)
    return best if question.when or len(row.columns) == 1 or shares.get(best) else -1


def _best(shares: Mapping[int, int]) -> int:
    """Return the column with the largest share, -1 if it is not one alone."""
    best = [i for i, share in shares.items() if share == max(shares.values())]
    return best[0] if len(best) == 1 else -1


def _lasts(question: ParsedQuestion, row: TableRow, at: int) -> bool:
    """Return whether a column's name says that it lasts as long as is asked for, if anything is."""
    months = period(f"{row.section} {row.label} {row.columns[at]}").months
    return question.when.months in (0, months or period(row.above).months)


def _of_pairs(unit: Unit, row: TableRow, question: ParsedQuestion) -> str:
    """Return the value whose column the question names, if it names the row; else the row's name.

    That only if the row holds most of the question, another of its values whole.
    """
    asked = question.terms
    if question_terms(row.label) <= asked:
        shares = {i: len(terms(name) & asked) for i, name in enumerate(row.columns)}
        best = _best({i: share for i, share in shares.items() if share})
        value = row.values[best] if best >= 0 else ""
        new = bool(terms(value) - asked) and len(value) <= _LONGEST
        return with_unit(row, best) if new and _may_be(value, question) else ""
    held = any(len(value) > 2 and terms(value) <= asked for value in row.values)
    most = len(asked & terms(f"{unit.home} {unit.text}")) >= _MOST * len(asked)
    return row.label if held and most and question.kind in ("", "name", "place") else ""


def _may_be(value: str, question: ParsedQuestion) -> bool:
    """Return whether a value may be what is asked for, by its form."""
    if question.kind in ("name", "place"):
        return value[0].isupper()
    if question.kind == "date":
        return bool(DATE.search(value))
    if question.kind in ("number", "amount"):
        day = DATE.fullmatch(value) and not value.isdigit()
        money = question.kind == "number" and "$" in value
        return bool(re.search(r"\d", value)) and not day and not money
    return True


def read_row(row: TableRow, question: ParsedQuestion, at: int, after_lead: bool = False) -> str:
    """Return ``Label, column: value (in millions)`` for the column asked for, else all columns.

    The value is left out after a lead, which shows it. A wide row keeps the columns that share
    most with the question.
    """
    if at >= 0:
        names = ", ".join(filter(None, (row.full_label, row.columns[at])))
        return names if after_lead else f"{names}: {with_unit(row, at)}"
    columns = row.columns or ("",) * len(row.values)
    cells = [f"{c}: {v}" if c else v for c, v in zip(columns, row.values, strict=True)]
    order = sorted(range(len(cells)), key=lambda i: -len(terms(cells[i]) & question.terms))
    kept = sorted(order[:_SHOWN])
    unit = f" ({_plain(row.unit)})" if row.unit else ""
    more = " · …" if len(kept) < len(cells) else ""
    return f"{row.full_label} — {' · '.join(cells[i] for i in kept)}{more}{unit}"


def with_unit(row: TableRow, at: int) -> str:
    """Return a figure with the unit of its table, ``$5 (in millions)``; a share needs none."""
    value = row.values[at]
    needed = row.unit and is_value(value) and "%" not in value
    return f"{value} ({_plain(row.unit)})" if needed else value


def _share(wanted: Set[str], held: Set[str]) -> float:
    return len(wanted & held) / len(wanted) if wanted else 0.0


def _plain(unit: str) -> str:
    return unit.split(",")[0].split(" except")[0]
