"""The short answer in a sentence: a date, an amount or a number."""

from __future__ import annotations

import re
from collections.abc import Set

from rag.generate.extract.question import ParsedQuestion
from rag.text.numbers import AMOUNT, COUNT
from rag.text.periods import DATE, contradicts, period
from rag.text.words import WORD, term, terms

_PATTERNS = {"date": DATE, "amount": AMOUNT, "number": COUNT}
_TIME = re.compile(rf"\bQ[1-4] (?:19|20)\d\d|{DATE.pattern}", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d\b")
_BESIDE = 3  # words from a figure to its noun
_NEAR = 80  # characters that hold them
_BEGUN = 4  # letters in which "cross" and "crossed" are alike


def short_answer(sentence: str, question: ParsedQuestion, known: Set[str] = frozenset()) -> str:
    """Return the piece of a sentence that answers; empty if that is not sure.

    The sentence holds all that the question is about but what is ``known`` of its document, and of
    several figures the one of the time that is asked for is taken. What the question names is no
    answer, and what it counts stands behind a number.
    """
    begun = {word[:_BEGUN] for word in terms(sentence)}
    missing = {word for word in question.subject - known if word[:_BEGUN] not in begun}
    if question.kind not in _PATTERNS or missing:
        return ""
    found = [
        match
        for match in _PATTERNS[question.kind].finditer(sentence)
        if _is_new(match[0], question) and (question.kind != "number" or _is_of(match, question))
    ]
    if len(found) > 1 and question.when:
        found = _of_time(found, sentence, question)
    return _with_noun(found[0], question.noun).strip(" ,.") if found else ""


def counts(sentence: str, question: ParsedQuestion) -> bool:
    """Return whether a sentence gives a number of what the question counts."""
    return bool(question.noun) and any(
        _is_new(match[0], question) and _is_of(match, question)
        for match in COUNT.finditer(sentence)
    )


def _of_time(
    found: list[re.Match[str]], sentence: str, question: ParsedQuestion
) -> list[re.Match[str]]:
    """Return the figure that stands for the time asked for: ``$4 and $5 as of May and June``."""
    times = [period(match[0]) for match in _TIME.finditer(sentence)]
    fitting = [i for i, time in enumerate(times) if not contradicts(question.when, time)]
    return found[fitting[0] : fitting[0] + 1] if len(times) == len(found) and fitting else []


def _is_new(piece: str, question: ParsedQuestion) -> bool:
    found = [term(word) for word in WORD.findall(piece)]
    # "How many moons?" is answered by "2 moons": only the figure has to be new.
    return not question.terms & set(found if question.kind == "date" else found[:1])


def _is_of(match: re.Match[str], question: ParsedQuestion) -> bool:
    """Return whether the noun stands a few small words behind the figure, which is no year."""
    behind = (match[0] + match.string[match.end() : match.end() + _NEAR]).split()[: _BESIDE + 1]
    named = any(word[0].isupper() for word in behind[1:2])  # "365 Consumer subscribers"
    beside = not question.noun or question.noun in terms(" ".join(behind))
    return beside and not named and not _YEAR.match(match[0])


def _with_noun(match: re.Match[str], noun: str) -> str:
    """Return a figure with what follows up to its noun: ``two small moons``."""
    text = match.string[match.start() : match.end() + _NEAR]
    ends = (word.end() for word in WORD.finditer(text) if term(word[0]) == noun)
    return text[: max(next(ends, 0), len(match[0]))]
