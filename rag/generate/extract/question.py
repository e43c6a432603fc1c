"""What a question asks, as far as its words show."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.text.names import name_words
from rag.text.periods import Period, period
from rag.text.words import question_words, term, terms, words

_KINDS = {
    "date": r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|decade|century)\b",
    "amount": r"\bhow much\b|\b(?:what|which) (?:percentage|percent|price|cost|amount|share)\b",
    "number": r"\bhow (?:many|old|far|tall|high|long|large|big|deep|fast|heavy)\b|\bwhat number\b",
    "name": r"^\W*(?:\w+ )?whom?\b",
    "place": r"^\W*where\b",
    "reason": r"^\W*(?:why|how)\b",
}
_DENIED = re.compile(
    r"(?:\b(?:not?|never|cannot|without|nicht|kein\w*|nie|ohne|pas|jamais|sans|nunca|sin|non|mai"
    r"|senza)|n['’]t) (\w+)",
    re.IGNORECASE,
)
_CARRIED = re.compile(r"\?[ ]\(([^()]*)\)$")


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """A question; words are as `term` gives them.

    ``when`` is the time that it is about; ``terms`` are its words, ``subject`` those that are no
    figures, ``named`` those with a capital. ``kind`` is a key of `_KINDS` or empty, and in no
    ``subject``.
    """

    text: str
    when: Period
    terms: frozenset[str]
    subject: frozenset[str]
    named: frozenset[str]
    kind: str
    carried: frozenset[str] = frozenset()

    @classmethod
    def read(cls, text: str) -> ParsedQuestion:
        """Read a question."""
        own = question_terms(text)
        kind, asking = kind_of(text)
        subject = frozenset(word for word in own - terms(asking) if not word.isdigit())
        named = subject & terms(" ".join(name_words(text)))
        # A follow-up's rule puts them behind it, in brackets (`rag.chat.rewrite`).
        carried: frozenset[str] = frozenset()
        if behind := _CARRIED.search(text):
            carried = question_terms(behind[1]) - question_terms(text[: behind.start()])
        return cls(text, period(text), own, subject, named, kind, carried)


def question_terms(question: str) -> frozenset[str]:
    """Return the words of a question that show what it is about."""
    asking = question_words(question)
    return frozenset(term(w) for w in words(question) if w.casefold() not in asking)


def denied(text: str) -> set[str]:
    """Return the words behind a "not" or the like, in the languages of `question_words`."""
    return {term(word) for word in _DENIED.findall(text)}


def kind_of(question: str) -> tuple[str, str]:
    """Return the first kind of answer that a question asks for, and the words that do."""
    found = [
        (match.start(), kind, match[0])
        for kind, pattern in _KINDS.items()
        if (match := re.search(pattern, question, re.IGNORECASE))
    ]
    return min(found, default=(0, "", ""))[1:]
