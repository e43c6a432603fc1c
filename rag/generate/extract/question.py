"""What a question asks, as far as its words show."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.text.names import name_words
from rag.text.periods import MONTHS, is_period
from rag.text.words import QUESTION_WORDS, WORD, term, terms, words

_KINDS = {
    "date": r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|decade|century)\b",
    "amount": r"\bhow much\b|\b(?:what|which) (?:percentage|percent|price|cost|amount|share)\b",
    "number": r"\bhow (?:many|old|far|tall|high|long|large|big|deep|fast|heavy)\b|\bwhat number\b",
    "name": r"^\W*(?:\w+ )?whom?\b",
    "place": r"^\W*where\b|^\W*(?:in )?(?:what|which) (?:\w+ )?"
    r"(?:city|country|state|town|place|county|continent)\b",
}
# These ask when, how much or of how many, and are not what the question is about.
_FRAME = terms(
    "much many total overall end ended ending quarter quarters month months fiscal year years "
    f"first second third fourth q1 q2 q3 q4 during {' '.join(MONTHS)}"
)
_REASON = re.compile(r"^\W*(?:why\b|how\b(?! (?:much|many)\b))", re.IGNORECASE)
_AUXILIARY = r"(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|should|must)"
_COUNTED = re.compile(
    rf"\bhow (?:much|many) ((?!{_AUXILIARY}\b)[^?,;]{{1,80}}?) {_AUXILIARY}\b"
    r"|\bhow much (?:is|are|was|were) ([^?,;]{1,80}?)"
    r"(?= (?:as|in|at|on|for|during|by|from|to|of)\b|\W*$)",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(r"\bhow many (\w[^?,;]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """A question; words are as `term` gives them.

    ``subject`` are those that show what it is about (no time, no amount), ``named`` those with a
    capital, ``kind`` and ``noun`` what its short answer is like (`kind_of`, `counted`).
    """

    text: str
    terms: frozenset[str]
    subject: frozenset[str]
    named: frozenset[str]
    kind: str
    noun: str

    @classmethod
    def read(cls, text: str) -> ParsedQuestion:
        """Read a question."""
        own = question_terms(text)
        subject = frozenset(word for word in own - _FRAME if not word.isdigit())
        named = subject & terms(" ".join(name_words(text)))
        return cls(text, own, subject, named, kind_of(text), counted(text))

    @property
    def wants_value(self) -> bool:
        """Whether the cell of a table could answer: it asks no why, who, where or when."""
        return self.kind in ("", "amount", "number") and not _REASON.match(self.text)

    def names(self, label: str) -> bool:
        """Return whether the label of a row is about what is asked, or a time that is asked for."""
        own = terms(label)
        return bool(own & self.subject) or (is_period(label) and own <= self.terms)


def question_terms(question: str) -> frozenset[str]:
    """Return the words of a question that show what it is about."""
    return frozenset(term(w) for w in words(question) if w.casefold() not in QUESTION_WORDS)


def kind_of(question: str) -> str:
    """Return ``date``, ``amount``, ``number``, ``name``, ``place``, or nothing."""
    found = [
        (match.start(), kind)
        for kind, pattern in _KINDS.items()
        if (match := re.search(pattern, question, re.IGNORECASE))
    ]
    return min(found, default=(0, ""), key=lambda pair: pair[0])[1]


def counted(question: str) -> str:
    """Return the noun that a figure must be of, as `term` gives it, or nothing.

    "How many employees has it?" counts ``employe``, "How much is its long-term debt?" ``debt``.
    """
    if match := _COUNTED.search(question):
        found = WORD.findall(re.split(r"\bof\b", match[1] or match[2])[0])
        return term(found[-1]) if found and found[-1].casefold() != "money" else ""
    if match := _HOW_MANY.search(question):
        found = WORD.findall(match[1])[:3]
        return term(next((word for word in found if word.endswith("s")), found[0]))
    return ""
