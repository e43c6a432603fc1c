"""Which column of a table a question asks for: dates, years, quarters and words of its name."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rag.generate.facts import term

_NAMES = "january february march april may june july august september october november december"
_MONTHS = {name: number for number, name in enumerate(_NAMES.split(), 1)}
_DATE = re.compile(
    rf"\b({'|'.join(_MONTHS)})\b(?:\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d))?,?(?: of)? ?"
    r"((?:19|20)\d\d)?\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_QUARTER = re.compile(r"\bq([1-4])\b|\b(first|second|third|fourth)[ -](?:fiscal )?quarter", re.I)
_A_QUARTER = re.compile(r"\bquarter|\bq[1-4]\b", re.IGNORECASE)
_COUNTS = {"three": 3, "six": 6, "nine": 9, "twelve": 12}
_LENGTH = re.compile(r"\b(three|six|nine|twelve)[ -]months?\b", re.IGNORECASE)
_GRACE = 7


@dataclass(frozen=True, slots=True)
class Period:
    """What a text says of time; dates are (year, month, day), 0 for what is not said."""

    dates: frozenset[tuple[int, int, int]]
    years: frozenset[int]
    quarter: int
    months: int
    fiscal: bool

    @property
    def said(self) -> bool:
        """Whether it says when at all."""
        return bool(self.dates or self.years or self.quarter)


def period(text: str) -> Period:
    """Read the dates, years, quarter and number of months of a question or a column's name."""
    dates = {
        (int(year or 0), _MONTHS[month.casefold()], int(day or 0))
        for month, day, year in _DATE.findall(text)
        if year or day
    }
    quarter = _QUARTER.search(text)
    length = _LENGTH.search(text)
    return Period(
        frozenset(dates),
        frozenset(int(year) for year in _YEAR.findall(text)),
        int(quarter[1] or _ORDINALS[quarter[2].casefold()]) if quarter else 0,
        _COUNTS[length[1].casefold()] if length else 3 * bool(_A_QUARTER.search(text)),
        "fiscal" in text.casefold(),
    )


def column(question: str, columns: Sequence[str], terms: Collection[str], context: str) -> int:
    """Return which column is asked for, the first of equals; -1 where none is for sure.

    ``context`` is what else is known of the row: its label, its document and headings. Without a
    time in the question only a single column, or the one that shares most words with it, is sure.
    """
    asked = period(question)
    fitting = [i for i, name in enumerate(columns) if _fits(asked, name, context)]
    scores = {i: _shared(columns[i], terms) + _length(asked, columns[i]) for i in fitting}
    best = [i for i in fitting if scores[i] == max(scores.values())]
    sure = asked.said or len(columns) == 1 or (len(best) == 1 and scores[best[0]] > 0)
    # Three and nine months that end on the same day are different answers.
    alike = len({period(columns[i]).months for i in best}) == 1
    return best[0] if alike and sure else -1


def _fits(asked: Period, name: str, context: str) -> bool:
    """Tell whether a column may be the one that was asked for: nothing asked speaks against it."""
    own, around = period(name), period(context)
    if asked.months > 3 and own.months != asked.months:
        return False
    if asked.dates:
        return any(_same(one, other) for one in asked.dates for other in own.dates)
    if not asked.said:
        return True
    if asked.fiscal and not own.fiscal:
        # A fiscal year is not the year of its dates, so dates alone cannot tell.
        return False
    if asked.years and not asked.years & (own.years or around.years):
        return False
    if asked.quarter:
        return asked.quarter in (own.quarter, around.quarter, *map(_quarter, own.dates))
    return own.months in (0, 12)


def contradicts(asked: Period, told: Period) -> bool:
    """Tell whether a text speaks of other days than those asked for, or of other years.

    Years from before to after the one asked for may be a span that holds it.
    """
    wanted, days = ({date for date in one.dates if all(date)} for one in (asked, told))
    if wanted and days:
        return not wanted & days
    if not asked.years or not told.years:
        return False
    return not any(min(told.years) <= year <= max(told.years) for year in asked.years)


def _same(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return all(a == b or not a or not b for a, b in zip(one, other, strict=True))


def _quarter(date: tuple[int, int, int]) -> int:
    """Return the calendar quarter that a date ends; one that ends on 1 July ended in June."""
    _, month, day = date
    return (month - 1 - (0 < day <= _GRACE)) % 12 // 3 + 1


def _length(asked: Period, name: str) -> float:
    return 0.5 * bool(asked.months and period(name).months in (asked.months,))


def _shared(name: str, terms: Collection[str]) -> int:
    return len({term(word) for word in re.findall(r"\w+", name)} & set(terms))
