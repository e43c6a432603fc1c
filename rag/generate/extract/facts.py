"""Where a sentence holds the short answer to a question."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Sequence

from rag.generate.extract.question import ParsedQuestion
from rag.text.names import full_names, places
from rag.text.numbers import AMOUNT, COUNT
from rag.text.periods import DATE, MONTHS
from rag.text.words import WORD, term, terms

_PATTERNS = {"date": DATE, "amount": AMOUNT, "number": COUNT}
_NO_PERSON = re.compile(r"\b(?:for|in|on|at) (?:the )?$")
_BESIDE = 4  # words from a figure to its noun
_NEAR = 80  # characters that hold them


def short_answer(sentence: str, question: ParsedQuestion) -> str:
    """Return the piece of a sentence that most likely answers; empty if none stands out.

    What the question names already is no answer. Of several figures or dates, the one nearest to
    the question's words is taken, of several names or places none. The question's noun must stand
    beside a number, and in the same sentence as an amount.
    """
    kind = question.kind
    noun = question.noun if kind in ("number", "amount") else ""
    if kind == "amount" and noun and noun not in terms(sentence):
        return ""
    fitting = [match for match in _pieces(sentence, kind) if _is_new(match[0], kind, question)]
    if kind == "number" and noun:
        fitting = [match for match in fitting if _is_of(match, noun)]
    if not fitting or (kind in ("name", "place") and len({match[0] for match in fitting}) > 1):
        return ""
    asked = [match.start() for match in WORD.finditer(sentence) if term(match[0]) in question.terms]
    best = min(fitting, key=lambda match: _distance(match, asked))
    return (_with_noun(best, noun) if kind == "number" else best[0]).strip(" ,.")


def _pieces(sentence: str, kind: str) -> list[re.Match[str]]:
    """Return what a sentence holds of a kind, by its form alone."""
    if kind in _PATTERNS:
        return list(_PATTERNS[kind].finditer(sentence))
    if kind == "place":
        return [match for match in places(sentence) if not match[0].islower()]
    return [match for match in full_names(sentence) if _may_be_person(match)] if kind else []


def _may_be_person(match: re.Match[str]) -> bool:
    """Return whether capitals may be a person's: two words or more, no month, and not for whom."""
    first, _, rest = match[0].partition(" ")
    return (
        bool(rest)
        and first[0].isupper()
        and first.casefold() not in MONTHS
        and not _NO_PERSON.search(_before(match))
    )


def _is_new(piece: str, kind: str, question: ParsedQuestion) -> bool:
    found = [term(word) for word in WORD.findall(piece)]
    # "How many moons?" is answered by "2 moons": only the figure has to be new.
    new = found[:1] if kind in ("number", "amount") else found
    return not question.terms & set(new)


def _is_of(match: re.Match[str], noun: str) -> bool:
    """Return whether the noun is within a few words of the figure."""
    # "moons: 2" and "2 small moons", not "its moons, 2 years old".
    before = " ".join(re.split(r"[,;.()]", _before(match))[-1].split()[-2:])
    after = match[0] + match.string[match.end() : match.end() + _NEAR]
    return noun in terms(f"{before} {' '.join(after.split()[: _BESIDE + 1])}")


def _with_noun(match: re.Match[str], noun: str) -> str:
    """Return a figure with what follows up to the noun: ``two small moons``."""
    after = match.string[match.end() : match.end() + _NEAR]
    if not noun or noun in terms(match[0]):
        return match[0]
    following = list(WORD.finditer(after))[: _BESIDE - 1]
    end = next((word.end() for word in following if term(word[0]) == noun), 0)
    return match[0] if re.search(r"[.,;:()]", after[:end]) else match[0] + after[:end]


def _before(match: re.Match[str]) -> str:
    return match.string[max(match.start() - _NEAR, 0) : match.start()]


def _distance(match: re.Match[str], asked: Sequence[int]) -> float:
    """Return the mean distance to the two nearest words of the question, in characters."""
    at = bisect(asked, match.start())
    near = asked[max(at - 2, 0) : at + 2]
    nearest = sorted(min(abs(at - match.start()), abs(at - match.end())) for at in near)[:2]
    return sum(nearest) / len(nearest) if nearest else float(match.start())
