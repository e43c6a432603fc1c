"""Dates, years, quarters and spans of time that a text speaks of."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
_RECENT_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d\b")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_QUARTER = re.compile(r"\bq([1-4])\b|\b(first|second|third|fourth)[ -](?:fiscal )?quarter", re.I)
_FISCAL = re.compile(r"\bfiscal|\bfy", re.IGNORECASE)
_COUNTS = {"three": 3, "six": 6, "nine": 9, "twelve": 12}
_LENGTH = re.compile(
    r"\b(three|six|nine|twelve)[ -]months?\b|(\bquarter|\bq[1-4]\b)|\byears? end(?:ed|ing)\b", re.I
)
# Possessive: words and figures may touch, and there must be only one way to part them.
_LONG_NAMES = "|".join([*_NAMES, *_ORDINALS, *_COUNTS])
_WORDS = rf"{_LONG_NAMES}|months?|quarters?|weeks?|fiscal|years?|ended"
_PERIOD = re.compile(
    rf"(?:(?:{_WORDS}|ending|as|of|at|and|to|q[1-4]|(?:%|\$) change|change|\d{{1,2}})[\s,.–-]*+)++",
    re.IGNORECASE,
)
Date = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Period:
    """The time that a text speaks of; dates are (year, month, day), 0 for what is not given.

    ``months`` is how long it lasts, 0 if that is not given or it is a day.
    """

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
    months = (_COUNTS[_folded(length[1])] if length[1] else 3 if length[2] else 12) if length else 0
    return Period(
        frozenset(_date(match[0]) for match in _READ.finditer(text)),
        frozenset(int(year) for year in _RECENT_YEAR.findall(text)),
        int(quarter[1] or _ORDINALS[_folded(quarter[2])]) if quarter else 0,
        months,
        bool(_FISCAL.search(text)),
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


def fitting(wanted: Period, own: Sequence[Period], home: Period) -> list[int]:
    """Return the columns that the time of a question may mean; all if it gives none.

    ``own`` are the periods of the columns' names. ``home`` is that of their document or heading,
    which alone shows what a company's third quarter is; without it the calendar's counts.
    """
    if not wanted:
        return list(range(len(own)))
    if wanted.dates:
        return [
            i
            for i, one in enumerate(own)
            if any(_agree(a, b) for a in wanted.dates for b in one.dates) and _lasts(wanted, one)
        ]
    if wanted.quarter:
        return _of_quarter(wanted, own, home)
    return [i for i, one in enumerate(own) if _lasts(wanted, one) and _of_year(wanted, one)]


def _of_quarter(wanted: Period, own: Sequence[Period], home: Period) -> list[int]:
    found = [i for i, one in enumerate(own) if one.months in (0, 3)]
    year = max(wanted.years, default=max(home.years, default=0))
    named = [i for i in found if own[i].quarter == wanted.quarter and year in own[i].years]
    if named or not found:
        return named
    if not home.quarter:
        # A fiscal quarter is not that of its date, so a date alone does not show it.
        at = [i for i in found if year in own[i].years and not wanted.fiscal]
        return [i for i in at if wanted.quarter in map(_quarter, own[i].dates)]
    back = max(home.years, default=year) - year
    if home.quarter != wanted.quarter or back not in (0, 1):
        return []
    latest = max(max(own[i].dates, default=(max(own[i].years, default=0), 0, 0)) for i in found)
    if back:
        return [i for i in found if own[i].months and latest[0] - 1 in own[i].years]
    return [
        i
        for i in found
        if latest in own[i].dates or (not own[i].dates and latest[0] in own[i].years)
    ]


def _of_year(wanted: Period, own: Period) -> bool:
    """Return whether a column is of a year; one that ends in winter may be of the year before."""
    winter = wanted.fiscal and any(month in (1, 2) for _, month, _ in own.dates)
    return bool(wanted.years & own.years) and not winter


def _lasts(wanted: Period, own: Period) -> bool:
    """Return whether a column lasts as long as is asked for; a year if only a year is."""
    if wanted.months:
        return own.months in (wanted.months, 0)
    return bool(wanted.dates) or own.months in (0, 12)


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
    return (month - 1 - (0 < day <= 7)) % 12 // 3 + 1
