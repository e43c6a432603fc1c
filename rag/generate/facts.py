"""What kind of short answer a question asks for, and where a sentence holds one."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise

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
    rf"|(?<!fiscal )(?<!fiscal year )(?<!fiscal years )\b{_YEAR}s?(?! ?%)\b"
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
# Thai, Lao, Chinese, Japanese and Korean: nothing tells where a word ends.
_RUN = "[\u0e01-\u0eff\u1100-\u11ff\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_RUN_OR_WORD = re.compile(rf"({_RUN}+)|(?:(?!{_RUN})\w)+")
_AUXILIARY = r"(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|should|must)"
_ASKED = re.compile(
    rf"\bhow (?:much|many) ((?!{_AUXILIARY}\b)[^?,;]+?) {_AUXILIARY}\b"
    r"|\bhow much (?:is|are|was|were) ([^?,;]+?)"
    r"(?= (?:as|in|at|on|for|during|by|from|to|of)\b|\W*$)",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(r"\bhow many (\w[^?,;]*)", re.IGNORECASE)
_BESIDE = 4


def kind_of(question: str) -> str:
    """Return ``date``, ``amount``, ``number``, ``name``, ``place``, or nothing."""
    found = [
        (match.start(), kind)
        for kind, pattern in _KINDS
        if (match := re.search(pattern, question, re.IGNORECASE))
    ]
    return min(found, default=(0, ""))[1]


def counted(question: str) -> str:
    """Return the noun that a figure must be of, as `term` gives it, or nothing.

    "How many employees has it?" counts ``employe``, "How much is its long-term debt?" ``debt``.
    """
    if match := _ASKED.search(question):
        words = _WORD.findall(re.split(r"\bof\b", match[1] or match[2])[0])
        return term(words[-1]) if words and words[-1].casefold() != "money" else ""
    if match := _HOW_MANY.search(question):
        words = _WORD.findall(match[1])[:3]
        return term(next((w for w in words if w.endswith("s")), words[0]))
    return ""


def short_answer(sentence: str, kind: str, terms: Collection[str], noun: str = "") -> str:
    """Return the piece of a sentence that most likely answers; empty where none stands out.

    ``terms`` are the question's words as `term` gives them. What the question says already is no
    answer; of several figures or dates, the one nearest to the question's words is taken, of
    several names or places none. ``noun`` (see `counted`) must stand beside a number, and in the
    same sentence as an amount.
    """
    if kind not in _PATTERNS:
        return ""
    fitting = [m for m in _PATTERNS[kind].finditer(sentence) if _is_new(m[0], kind, terms)]
    if noun and kind in ("number", "amount"):
        fitting = [m for m in fitting if _is_of(m, noun, near=kind == "number")]
    if kind == "name":
        fitting = [m for m in fitting if _is_name(m)]
    if not fitting or (kind in ("name", "place") and len({m[0] for m in fitting}) > 1):
        return ""
    asked = [m.start() for m in _WORD.finditer(sentence) if term(m[0]) in terms]
    best = min(fitting, key=lambda match: _distance(match, asked))
    return _with_noun(best, noun if kind == "number" else "").strip(" ,.")


def words_of(text: str) -> list[str]:
    """Return the words of a text; of a script without spaces its pairs of letters, as BM25 does."""
    found: list[str] = []
    for match in _RUN_OR_WORD.finditer(text):
        run = match[1]
        pairs = [a + b for a, b in pairwise(run)] if run else []
        found += pairs or [match[0]]
    return found


def term(word: str) -> str:
    """Return a word as questions and sentences are compared: folded, without its ending."""
    folded = word.casefold()
    return folded if folded.isdigit() else re.sub(r"(?:ies|es|s|ed|ing|e|y)$", "", folded) or folded


def _is_new(piece: str, kind: str, terms: Collection[str]) -> bool:
    words = [term(word) for word in _WORD.findall(piece)]
    # "How many moons?" is answered by "2 moons": only the figure has to be new.
    told = words[:1] if kind in ("number", "amount") else words
    return not set(told) & set(terms)


def _is_of(match: re.Match[str], noun: str, near: bool) -> bool:
    """Tell whether the noun is in the sentence, and within a few words of the figure if asked."""
    before, after = match.string[: match.start()], match.string[match.start() :]
    if near:
        # "moons: 2" and "2 small moons", not "its moons, 2 years old".
        before = " ".join(re.split(r"[,;.()]", before)[-1].split()[-2:])
        after = " ".join(after.split()[: _BESIDE + 1])
    return noun in {term(word) for word in _WORD.findall(f"{before} {after}")}


def _with_noun(match: re.Match[str], noun: str) -> str:
    """Return a figure with what follows up to the noun: ``two small moons``."""
    after = match.string[match.end() :]
    words = list(_WORD.finditer(after))[: _BESIDE - 1]
    if not noun or noun in {term(word) for word in _WORD.findall(match[0])}:
        return match[0]
    end = next((word.end() for word in words if term(word[0]) == noun), 0)
    return match[0] + after[:end] if not re.search(r"[.,;:()]", after[:end]) else match[0]


def _is_name(match: re.Match[str]) -> bool:
    """Tell whether capitals make a person's name: two words or more, no month, and not for whom."""
    beside = re.search(r"\b(?:for|in|on|at) (?:the )?$", match.string[: match.start()])
    return " " in match[0] and not re.match(_MONTH, match[0]) and not beside


def _distance(match: re.Match[str], asked: Collection[int]) -> float:
    """Return the mean distance to the two nearest words of the question, in characters."""
    nearest = sorted(min(abs(at - match.start()), abs(at - match.end())) for at in asked)[:2]
    return sum(nearest) / len(nearest) if nearest else float(match.start())
