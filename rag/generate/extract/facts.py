"""The short answer in a sentence: a date or an amount."""

from __future__ import annotations

import re
from collections.abc import Set

from rag.generate.extract.question import ParsedQuestion
from rag.text.numbers import AMOUNT
from rag.text.periods import DATE, contradicts, period
from rag.text.words import WORD, term, terms

_PATTERNS = {"date": DATE, "amount": AMOUNT}
_TIME = re.compile(rf"\bQ[1-4] (?:19|20)\d\d|{DATE.pattern}", re.IGNORECASE)
_BEGUN = 4  # letters in which "cross" and "crossed" are alike


def short_answer(sentence: str, question: ParsedQuestion, known: Set[str] = frozenset()) -> str:
    """Return the piece of a sentence that answers; empty if that is not sure.

    The sentence holds all that the question is about but what is ``known`` of its document. What
    the question names is no answer.
    """
    begun = {word[:_BEGUN] for word in terms(sentence)}
    missing = {word for word in question.subject - known if word[:_BEGUN] not in begun}
    if question.kind not in _PATTERNS or missing:
        return ""
    pieces = [match[0] for match in _PATTERNS[question.kind].finditer(sentence)]
    found = [piece for piece in pieces if _is_new(piece, question)]
    if len(found) > 1:  # a small and a large box may have different prices
        found = _of_time(found, sentence, question)
    return found[0].strip(" ,.") if found else ""


def _of_time(found: list[str], sentence: str, question: ParsedQuestion) -> list[str]:
    """Return the figure of the time asked for: ``$4 and $5 as of May and June``.

    The first that fits: what follows is often of a longer span up to the same day.
    """
    times = [period(match[0]) for match in _TIME.finditer(sentence)]
    if not question.when or len(times) != len(found):
        return []
    pairs = zip(found, times, strict=True)
    return [figure for figure, time in pairs if not contradicts(question.when, time)][:1]


def _is_new(piece: str, question: ParsedQuestion) -> bool:
    found = [term(word) for word in WORD.findall(piece)]
    return not question.terms & set(found if question.kind == "date" else found[:1])
