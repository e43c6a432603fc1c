"""What a question asks, as far as its words show."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.text.names import name_words
from rag.text.periods import Period, period, without_time
from rag.text.words import QUESTION_WORDS, term, terms, words

_KINDS = {
    "date": r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|decade|century)\b",
    "amount": r"\bhow much\b|\b(?:what|which) (?:percentage|percent|price|cost|amount|share)\b",
    "number": r"\bhow (?:many|old|far|tall|high|long|large|big|deep|fast|heavy)\b|\bwhat number\b",
    "name": r"^\W*(?:\w+ )?whom?\b",
    "place": r"^\W*where\b",
    "reason": r"^\W*(?:why|how)\b",
}
_HOW_MANY = re.compile(r"\bhow many (\w[^?,;]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """A question; words are as `term` gives them.

    ``topic`` is the question without ``when``, the time that it is about; ``terms`` are the words
    of the topic, ``subject`` those that are no figures, ``named`` those with a capital. ``kind``
    is a key of `_KINDS` or empty, and in no ``subject``; ``noun`` is what is counted.
    """

    topic: str
    when: Period
    terms: frozenset[str]
    subject: frozenset[str]
    named: frozenset[str]
    kind: str
    noun: str

    @classmethod
    def read(cls, text: str) -> ParsedQuestion:
        """Read a question."""
        topic = without_time(text)
        own = question_terms(topic)
        kind, asking = kind_of(text)
        subject = frozenset(word for word in own - terms(asking) if not word.isdigit())
        named = subject & terms(" ".join(name_words(text)))
        return cls(topic, period(text), own, subject, named, kind, counted(text))


def question_terms(question: str) -> frozenset[str]:
    """Return the words of a question that show what it is about."""
    return frozenset(term(w) for w in words(question) if w.casefold() not in QUESTION_WORDS)


def kind_of(question: str) -> tuple[str, str]:
    """Return the first kind of answer that a question asks for, and the words that do."""
    found = [
        (match.start(), kind, match[0])
        for kind, pattern in _KINDS.items()
        if (match := re.search(pattern, question, re.IGNORECASE))
    ]
    return min(found, default=(0, "", ""))[1:]


def counted(question: str) -> str:
    """Return what "How many restricted shares …" counts, ``shar``, or nothing."""
    match = _HOW_MANY.search(question)
    found = match[1].split()[:3] if match else [""]
    return term(next((word for word in found if word.endswith("s")), found[0]))
