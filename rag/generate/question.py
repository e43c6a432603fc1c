"""What a question asks, as far as words tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.generate.facts import counted, kind_of, term, words_of
from rag.generate.tables import is_period

_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be been but by can did do does for from had has have he her his how i "
        "if in into is it its many me much my of on or our s she so tell that the their there they "
        "this to was we were what when where which who whom whose why will with you your",
    )
)
# These say when, how much or of how many, and not what the question is about.
_FRAME = frozenset(
    term(word)
    for word in re.findall(
        r"\w+",
        "much many total overall end ended ending quarter quarters month months fiscal year years "
        "first second third fourth q1 q2 q3 q4 during january february march april may june july "
        "august september october november december",
    )
)
_REASON = re.compile(r"^\W*(?:why\b|how\b(?! (?:much|many)\b))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question; words are as `term` gives them.

    ``subject`` are those that say what it is about (no time, no amount), ``named`` those with a
    capital, ``kind`` and ``noun`` what its short answer is like (`kind_of`, `counted`).
    """

    text: str
    terms: frozenset[str]
    subject: frozenset[str]
    named: frozenset[str]
    kind: str
    noun: str

    @classmethod
    def read(cls, text: str) -> Asked:
        """Read a question."""
        terms = question_terms(text)
        subject = frozenset(word for word in terms - _FRAME if not word.isdigit())
        capitals = re.findall(r"(?<=[\w,] )[A-ZÀ-ÖØ-Þ]\w+", text)
        named = frozenset(_terms(capitals)) & subject
        return cls(text, terms, subject, named, kind_of(text), counted(text))

    @property
    def wants_value(self) -> bool:
        """Whether the cell of a table could answer: it asks no why, who, where or when."""
        return self.kind in ("", "amount", "number") and not _REASON.match(self.text)

    def names(self, label: str) -> bool:
        """Tell whether the label of a row is about what is asked, or a time that is asked for."""
        said = _terms(words_of(label))
        return bool(said & self.subject) or (is_period(label) and said <= self.terms)


def question_terms(question: str) -> frozenset[str]:
    """Return the words of a question that say what it is about."""
    return frozenset(term(w) for w in words_of(question) if w.casefold() not in _COMMON)


def _terms(found: Iterable[str]) -> set[str]:
    return {term(word) for word in found}
