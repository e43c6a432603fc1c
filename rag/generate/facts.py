"""What kind of short answer a question asks for, and where a sentence holds one."""

from __future__ import annotations

import re
from collections.abc import Collection

_KINDS = (
    ("date", r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|decade|century)\b"),
    ("amount", r"\bhow much\b|\b(?:what|which) (?:percentage|percent|price|cost|amount|share)\b"),
    (
        "number",
        r"\bhow (?:many|old|far|tall|high|long|large|big|deep|fast|heavy)\b|\bwhat number\b",
    ),
    ("name", r"^\W*(?:\w+ )?whom?\b"),
    (
        "place",
        r"^\W*where\b|^\W*(?:in )?(?:what|which) (?:\w+ )?"
        r"(?:city|country|state|town|place|county|continent)\b",
    ),
)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?"
)
_YEAR = r"(?:1[0-9]{3}|20[0-9]{2})"
_DATE = (
    rf"\d{{1,2}}(?:st|nd|rd|th)? {_MONTH},? {_YEAR}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? {_YEAR}"
    rf"|{_MONTH} {_YEAR}|\b{_YEAR}-\d\d-\d\d\b|{_MONTH} \d{{1,2}}\b|\d{{1,2}} {_MONTH}"
    rf"|\b{_YEAR}s?(?! ?%)\b"
)
_SCALE = r"(?:thousand|million|billion|trillion|hundred|dozen)"
_FIGURE = r"\d+(?:,\d{3})*(?:\.\d+)?"
_WORDS = r"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty"
_UNIT = (
    r"(?:[ -](?!(?:and|or|of|in|on|at|to|the|by|for|from|with|as|is|was|were|are)\b)[a-z]{1,14})?"
)
_NUMBER = (
    rf"[$€£¥] ?{_FIGURE}(?: {_SCALE})?|{_FIGURE} ?(?:%|percent\b)"
    rf"|\b{_FIGURE}(?: {_SCALE})?{_UNIT}|\b(?:{_WORDS}){_UNIT}\b"
)
_AMOUNT = rf"[$€£¥] ?{_FIGURE}(?: {_SCALE})?|{_FIGURE} ?(?:%|percent\b)"
_CAPITAL = r"[A-ZÀ-ÖØ-ÞŠŽČĆŁ][\w’'.-]*\w"
_NAME = (
    rf"{_CAPITAL}(?: (?:of|de|van|von|der|la|the|al|bin|[A-Z]\.|{_CAPITAL}))* {_CAPITAL}|{_CAPITAL}"
)
_PLACE = rf"(?<=\b(?:in|at|on|of) )(?:the )?(?:{_NAME})|(?<=\bfrom |\bnear )(?:{_NAME})"
_PATTERNS = {
    "date": re.compile(_DATE),
    "amount": re.compile(_AMOUNT, re.IGNORECASE),
    "number": re.compile(_NUMBER, re.IGNORECASE),
    "name": re.compile(_NAME),
    "place": re.compile(_PLACE),
}
_WORD = re.compile(r"\w+")


def kind_of(question: str) -> str:
    """Return ``date``, ``amount``, ``number``, ``name``, ``place``, or nothing."""
    found = [
        (match.start(), kind)
        for kind, pattern in _KINDS
        if (match := re.search(pattern, question, re.IGNORECASE))
    ]
    return min(found, default=(0, ""))[1]


def short_answer(sentence: str, kind: str, terms: Collection[str]) -> str:
    """Return the piece of a sentence that most likely answers; empty where none stands out.

    ``terms`` are the question's words as `term` gives them. What the question says already is no
    answer; of several figures or dates, the one nearest to the question's words is taken, of
    several names or places none.
    """
    if kind not in _PATTERNS:
        return ""
    fitting = [m for m in _PATTERNS[kind].finditer(sentence) if _is_new(m[0], kind, terms)]
    if kind == "name":
        fitting = [m for m in fitting if _is_name(m)]
    if not fitting or (kind in ("name", "place") and len({m[0] for m in fitting}) > 1):
        return ""
    asked = [m.start() for m in _WORD.finditer(sentence) if term(m[0]) in terms]
    best = min(fitting, key=lambda match: _distance(match, asked))
    return best[0].strip(" ,.")


def term(word: str) -> str:
    """Return a word as questions and sentences are compared: folded, without its ending."""
    folded = word.casefold()
    return folded if folded.isdigit() else re.sub(r"(?:ies|es|s|ed|ing|e|y)$", "", folded) or folded


def _is_new(piece: str, kind: str, terms: Collection[str]) -> bool:
    words = [term(word) for word in _WORD.findall(piece)]
    # "How many moons?" is answered by "2 moons": only the figure has to be new.
    told = words[:1] if kind in ("number", "amount") else words
    return not set(told) & set(terms)


def _is_name(match: re.Match[str]) -> bool:
    """Tell whether capitals make a person's name: two words or more, and no month."""
    return " " in match[0] and not re.match(_MONTH, match[0])


def _distance(match: re.Match[str], asked: Collection[int]) -> float:
    """Return the mean distance to the two nearest words of the question, in characters."""
    nearest = sorted(min(abs(at - match.start()), abs(at - match.end())) for at in asked)[:2]
    return sum(nearest) / len(nearest) if nearest else float(match.start())
