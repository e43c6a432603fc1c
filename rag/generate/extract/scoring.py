"""Which units of passages answer best, and which of them stand in the answer.

A unit's score is the cosine of its tokens' mean with the question's vector, plus MaxSim (the mean
over the question's tokens of the best cosine with one of its tokens), plus the share of the
question's words that it holds (rare ones count more), alone and with its headings, as below "Exit
status" a sentence need not name it, plus what its passage's rank and its cell are worth, less if it
speaks of another time than the question or denies a word of it.
docs/answers.md shows what each part gains.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import PurePath

from rag.generate.extract.cells import Cell, cell
from rag.generate.extract.facts import short_answer
from rag.generate.extract.likeness import TokenLikeness
from rag.generate.extract.question import ParsedQuestion, denied
from rag.generate.extract.units import Unit, units
from rag.text.identifiers import identifiers, mentioned
from rag.text.periods import contradicts, period
from rag.text.words import is_unspaced, terms
from rag.types import Hit

_WORDS, _HEADINGS, _RANK, _CELL, _SURE, _OTHER_TIME, _DENIED = 0.4, 0.4, 0.3, 0.9, 0.5, 0.3, 0.3
# Of 162 questions with their documents in the library, the best sentence's cosine was below 0.43
# for one in a hundred; of 57 whose documents had been taken out it was never above 0.40. A question
# of rare words may lie lower, so most of its words in one sentence count, too, or its code.
_FLOOR, _FLOOR_WORDS = 0.38, 0.6
# Pairs of letters hold ends of words, too, and the embedded encoder hardly reads such scripts.
_FLOOR_PAIRS = 0.4
_MARGIN, _MOST, _MOST_CITED = 0.3, 4, 3
_CARRIED = 0.3


@dataclass(frozen=True, slots=True)
class ScoredUnit:
    """A unit with its score; ``near``: it reaches the floor; ``answer``: the short one in it.

    ``also`` are units of other documents that state the same.
    """

    unit: Unit
    score: float
    near: bool
    answer: Cell
    also: tuple[Unit, ...] = ()

    @property
    def all(self) -> tuple[Unit, ...]:
        """The unit itself and those that state the same."""
        return (self.unit, *self.also)


def scored(
    question: ParsedQuestion, hits: Sequence[Hit], likeness: TokenLikeness
) -> list[ScoredUnit]:
    """Return the units that may answer with their scores."""
    found = units(hits)
    pairs = likeness(question.text, found)
    texts = [terms(unit.text) for unit in found]
    shares = shared_words(question, texts)
    homes = [terms(unit.home) for unit in found]
    below = zip(texts, _apart(found, homes), strict=True)
    wider = shared_words(question, [words | headings for words, headings in below])
    labels = set().union(*(terms(unit.row.full_label) for unit in found if unit.row))
    known = _known(question, hits, labels)
    named = any(known.values())
    codes = list(identifiers(question.text))
    enough = _FLOOR_PAIRS if is_unspaced(question.text) else _FLOOR_WORDS
    affirmed = frozenset() if denied(question.text) else question.terms
    made = []
    for unit, home, pair, share, wide in zip(found, homes, pairs, shares, wider, strict=True):
        own = known[unit.chunk.document]
        other = unit.part.kind != "cells" and _of_other_time(unit, question)
        answer = Cell()
        if not unit.row and not other:
            answer = Cell(lead=short_answer(unit.text, question, own | home))
        # Documents that name nobody whom the question names give no cell, if others do.
        elif unit.row and (own or not named):
            answer = cell(unit, question, own, question.subject & labels)
        score = sum(pair) + _WORDS * share + _HEADINGS * wide + _RANK / (unit.number + 1)
        score -= _OTHER_TIME * other
        # "not reimbursed" is as near to "What is reimbursed?" as "reimbursed" is.
        score -= _DENIED * bool(affirmed & denied(unit.text))
        score += (answer.column >= 0) * (_CELL * answer.fit + _SURE * bool(answer.lead))
        coded = bool(codes) and mentioned(codes, [unit.text])
        near = pair[0] >= _FLOOR or max(share, wide) >= enough or coded
        made.append(ScoredUnit(unit, score, near, answer))
    return made


def choose(scored: Sequence[ScoredUnit]) -> list[ScoredUnit]:
    """Return the best units, best first: at most four, none far behind the best.

    What another document states in the same words is not stated again, but cited, too.
    """
    order = sorted(scored, key=lambda one: -one.score)
    chosen: list[ScoredUnit] = []
    for one in order:
        if one.score < order[0].score - _MARGIN:
            break
        at = next((i for i, earlier in enumerate(chosen) if _repeats(one, earlier)), None)
        if at is None and len(chosen) < _MOST:
            chosen.append(one)
        elif at is not None and not any(one.unit.overlaps(unit) for unit in chosen[at].all):
            also = (*chosen[at].also, one.unit)[: _MOST_CITED - 1]
            chosen[at] = replace(chosen[at], also=also)
    return chosen


def _repeats(one: ScoredUnit, earlier: ScoredUnit) -> bool:
    new, old = one.unit, earlier.unit
    return new.overlaps(old) or new.text.casefold() == old.text.casefold()


def shared_words(question: ParsedQuestion, texts: Sequence[Set[str]]) -> list[float]:
    """Return how much of the question each text's words hold, 0 to 1, rare ones counting more.

    Words that a follow-up carried along only say what it is about, so they count less.
    """
    wanted = question.terms
    held = [words & wanted for words in texts]
    frequency = Counter(word for found in held for word in found)
    weight = {word: math.log(1 + len(texts) / (0.5 + frequency[word])) for word in wanted}
    weight |= {word: _CARRIED * weight[word] for word in question.carried & wanted}
    total = sum(weight.values()) or 1.0
    return [sum(weight[word] for word in found) / total for found in held]


def _apart(found: Sequence[Unit], homes: Sequence[Set[str]]) -> list[Set[str]]:
    """Return the words of each unit's headings that are not above all units of its document.

    Those of rows are none: `cell` reads them.
    """
    above: dict[str, Set[str]] = {}
    for unit, home in zip(found, homes, strict=True):
        above[unit.chunk.document] = above.get(unit.chunk.document, home) & home
    return [
        set() if unit.row else home - above[unit.chunk.document]
        for unit, home in zip(found, homes, strict=True)
    ]


def _known(
    question: ParsedQuestion, hits: Sequence[Hit], labels: Set[str]
) -> Mapping[str, Set[str]]:
    """Return the names of the question that hold for a whole document, such as its company's."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    for hit in hits:
        known[hit.chunk.document] |= question.named & terms(hit.chunk.in_document) - labels
    return known


def _of_other_time(unit: Unit, question: ParsedQuestion) -> bool:
    """Return whether a sentence speaks of another time, or its document is of another quarter."""
    home, when = period(PurePath(unit.chunk.document).stem), question.when
    other = bool(when.quarter and home.quarter) and (
        when.quarter != home.quarter or not when.years & home.years
    )
    return other or contradicts(when, period(unit.text))
