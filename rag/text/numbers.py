"""Numbers in a text: amounts, values in tables, and different writings of one number."""

from __future__ import annotations

import re

_SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SPELLED = {word: str(number) for number, word in enumerate((*_SMALL, "eleven", "twelve"))} | {
    "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50"
}  # fmt: skip
# Possessive, and never begun inside a number, so that a long one is read once.
_FIGURE = r"\d++(?:,\d{3})*+(?:\.\d++)?+"
_SCALE = r"(?: (?:thousand|million|billion|trillion|hundred|dozen))?"
AMOUNT = re.compile(
    rf"[$€£¥] ?{_FIGURE}{_SCALE}|(?<!\d)(?<!\d[,.]){_FIGURE} ?(?:%|percent\b)", re.IGNORECASE
)
_NUMBER = re.compile(r"\d+(?:[.,\u202f\u00a0 ]\d{3})*(?:[.,]\d+)?")
_BETWEEN_THOUSANDS = re.compile(r"[\u202f\u00a0 ]|,(?=\d{3}(?!\d))")
_CELL = r"\(?[-–]?[$€£¥]? ?\(?\d[\d,]*(?:\.\d+)?\)? ?%?\)?"
_VALUE = re.compile(rf"[-–—]+ ?%?|[$€£¥]? ?{_CELL}(?: ?[-–] ?{_CELL})?")
_YEAR = re.compile(r"(?:19|20)\d\d")


def numbers(text: str) -> list[str]:
    """Return the numbers of a text as they are written there."""
    return _NUMBER.findall(text)


def plain(number: str) -> str:
    """Return a number without what parts thousands: ``1,337.50`` and ``1 337,5`` are 1337.5."""
    digits = _BETWEEN_THOUSANDS.sub("", number).replace(",", ".")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def is_value(cell: str) -> bool:
    """Return whether a cell holds a figure (a year alone is a name) or the dash for none."""
    cell = cell.strip()
    return bool(_VALUE.fullmatch(cell)) and not _YEAR.fullmatch(cell)
