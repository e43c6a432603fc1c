"""Dates, years, quarters and spans of time that a text speaks of."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
MONTHS = {name.casefold(): number for number, name in enumerate(_NAMES, 1)}
_SHORT = {name[:3]: number for name, number in MONTHS.items()} | {"sept": 9}
_MONTH = rf"(?:{'|'.join(_NAMES)}|{'|'.join(name.title() for name in _SHORT)})\b\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_YEAR = r"(?:1\d|20)\d\d"
_DATE = (
    rf"\b{_DAY} {_MONTH}(?:,? {_YEAR}\b)?|\b{_MONTH} {_DAY}\b(?!\d)(?:,? {_YEAR}\b)?"
    rf"|\b{_MONTH},?(?: of)? {_YEAR}\b|\b{_YEAR}-\d\d-\d\d\b"
)
_READ = re.compile(_DATE, re.IGNORECASE)
DATE = re.compile(rf"{_DATE}|(?<!fiscal )(?<!fiscal year )(?<!fiscal years )\b{_YEAR}s?(?! ?%)\b")
"""A date or a year; a fiscal year is none."""
_RECENT_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_QUARTER = re.compile(r"\bq([1-4])\b|\b(first|second|third|fourth)[ -](?:fiscal )?quarter", re.I)
_A_QUARTER = re.compile(r"\bquarter|\bq[1-4]\b", re.IGNORECASE)
_COUNTS = {"three": 3, "six": 6, "nine": 9, "twelve": 12}
_LENGTH = re.compile(r"\b(three|six|nine|twelve)[ -]months?\b", re.IGNORECASE)
# Possessive: words and figures may touch, and there must be only one way to part them.
_PERIOD = re.compile(
    rf"(?:(?:{'|'.join([*_NAMES, *_ORDINALS, *_COUNTS])}|months?|quarters?|weeks?|fiscal|years?"
    r"|ended|ending|as|of|at|and|to|q[1-4]|(?:%|\$) change|change|\d{1,2})[\s,.–-]*+)++",
    re.IGNORECASE,
)
_GRACE = 7
Date = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Period:
    """The time that a text speaks of; dates are (year, month, day), 0 for what is not given."""

    dates: frozenset[Date]
    years: frozenset[int]
    quarter: int
    months: int
    fiscal: bool

    def __bool__(self) -> bool:
        """Whether the text gives any date, year or quarter."""
        return bool(self.dates or self.years or self.quarter)


def period(text: str) -> Period:
    """Read the dates, years, quarter and number of months of a question or a column's name."""
    quarter, length = _QUARTER.search(text), _LENGTH.search(text)
    return Period(
        frozenset(_date(match[0]) for match in _READ.finditer(text)),
        frozenset(int(year) for year in _RECENT_YEAR.findall(text)),
        int(quarter[1] or _ORDINALS[_folded(quarter[2])]) if quarter else 0,
        _COUNTS[_folded(length[1])] if length else 3 * bool(_A_QUARTER.search(text)),
        "fiscal" in text.casefold(),
    )


def is_period(text: str) -> bool:
    """Return whether a cell is nothing but a date, a year, a span of time or a change over one."""
    return bool(_PERIOD.fullmatch(text.strip()))


def contradicts(wanted: Period, given: Period) -> bool:
    """Return whether a text speaks of other days than a question, or of other years.

    Years from before to after the one asked for may be a span that holds it.
    """
    asked, days = ({date for date in one.dates if all(date)} for one in (wanted, given))
    if asked and days:
        return not asked & days
    if not wanted.years or not given.years:
        return False
    return not any(min(given.years) <= year <= max(given.years) for year in wanted.years)


def may_be(wanted: Period, own: Period, around: Period) -> bool:
    """Return whether a column may be the one asked for: nothing in the question excludes it.

    ``own`` is the period of the column's name, ``around`` that of its table and document.
    """
    if wanted.months > 3 and own.months != wanted.months:
        return False
    if wanted.dates:
        return any(_agree(one, other) for one in wanted.dates for other in own.dates)
    if not wanted:
        return True
    if wanted.fiscal and not own.fiscal:
        # A fiscal year is not the year of its dates, so dates alone do not show it.
        return False
    if wanted.years and not wanted.years & (own.years or around.years):
        return False
    if wanted.quarter:
        return wanted.quarter in (own.quarter, around.quarter, *map(_quarter, own.dates))
    return own.months in (0, 12)


def _folded(word: str) -> str:
    """Return a word in lower case; a pattern without case takes İ and ı for i, folding does not."""
    return word.casefold().replace("i\u0307", "i").replace("ı", "i")


def _date(written: str) -> Date:
    """Read one date in any of the orders of `_DATE`."""
    if re.match(r"\d{4}-", written):
        year, month, day = map(int, written.split("-"))
        return year, month, day
    word = next(map(_folded, re.findall(r"[^\W\d_]{3,}", written)))
    found = re.findall(r"\d+", written)
    year = next((int(one) for one in found if len(one) == 4), 0)
    day = next((int(one) for one in found if len(one) < 4), 0)
    return year, MONTHS.get(word) or _SHORT[word], day


def _agree(one: Date, other: Date) -> bool:
    return all(a == b or not a or not b for a, b in zip(one, other, strict=True))


def _quarter(date: Date) -> int:
    """Return the calendar quarter that a date ends; one that ends on 1 July ended in June."""
    _, month, day = date
    return (month - 1 - (0 < day <= _GRACE)) % 12 // 3 + 1
