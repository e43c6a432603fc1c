"""Which units of passages answer best, and which of them stand in the answer.

A unit's score is the cosine of its tokens' mean with the question's vector, plus MaxSim (the mean
over the question's tokens of the best cosine with one of its tokens), plus the share of the
question's words that it holds (rare ones count more), plus what its passage's rank is worth, plus a
little if it holds what the question asks for (a date, a name, a number), more if that is the cell
of a table, less if a sentence speaks of another time than the question. Weights, margin and floor
were chosen on 70 HotpotQA questions that ``benchmarks/extractive.py`` leaves out by default and on
every third one of its chunking set; what concerns tables on twenty questions about quarterly
reports, which therefore prove nothing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from rag.generate.extract.facts import short_answer
from rag.generate.extract.likeness import TokenLikeness
from rag.generate.extract.question import ParsedQuestion
from rag.generate.extract.reading import readable
from rag.generate.extract.rows import answering, covered, is_named
from rag.generate.extract.units import ScoredUnit, Unit, units
from rag.text.periods import contradicts, period
from rag.text.words import terms
from rag.types import Hit

_WORDS, _RANK, _KIND, _CELL, _COVERED, _OTHER_TIME = 0.8, 0.3, 0.05, 0.9, 0.5, 0.3
# Of 162 questions with their documents in the library, the best sentence's cosine was below 0.43
# for one in a hundred; of 57 whose documents had been taken out it was never above 0.40. A question
# of rare words and codes may lie lower, so most of its words in one sentence count, too.
_FLOOR, _FLOOR_WORDS = 0.38, 0.6
# Nearer than this, a sentence may answer in other words than the question's: so did five of 86
# questions of the benchmark, four of them at cosines of 0.52 to 0.69, and one at 0.44 wrongly.
_CLOSE = 0.5
_MARGIN, _MOST = 0.3, 4
_SAME, _WITHIN = 0.75, 0.85  # shares of words: of both texts, of the shorter one
_WORD = re.compile(r"\d[\d.,]*\d|\w+")


def scored(
    question: ParsedQuestion, hits: Sequence[Hit], likeness: TokenLikeness
) -> list[ScoredUnit]:
    """Return the units that may answer with their scores."""
    found = [u for u in units(hits) if not u.row or question.names(u.row.full_label)]
    pairs = likeness(question.text, hits, found)
    shares = shared_words(question.terms, [unit.text for unit in found])
    columns = _columns(question, hits, found)
    subject = _subject(question, hits)
    when = period(question.text)
    made = []
    for unit, pair, share, column in zip(found, pairs, shares, columns, strict=True):
        score = sum(pair) + _WORDS * share + _RANK / (unit.number + 1)
        if unit.row and column >= 0:
            score += _CELL + _COVERED * covered(unit.row, column, question.subject)
        if not unit.row:
            score += _KIND * bool(short_answer(unit.text, question))
            score -= _OTHER_TIME * contradicts(when, period(unit.text))
        near = pair[0] >= _FLOOR or share >= _FLOOR_WORDS
        relevant = pair[0] >= _CLOSE or not subject or bool(subject & unit.terms())
        made.append(ScoredUnit(unit, score, near, relevant, column))
    # Rows that the question does not name go only now: what words are worth depends on them.
    rows = [one.unit for one in made if one.unit.part.kind == "row"]
    others = {unit for unit in rows if not is_named(unit.text, question.text)}
    return [one for one in made if one.unit not in others or len(others) == len(rows)]


def choose(scored: Sequence[ScoredUnit], question: ParsedQuestion) -> list[ScoredUnit]:
    """Return the best units, best first: at most four, none far behind the best.

    What an earlier one states is not stated again; another document that states it is cited, too.
    """
    order = sorted(scored, key=lambda one: -one.score)
    chosen: list[ScoredUnit] = []
    for one in order:
        if one.score < order[0].score - _MARGIN:
            break
        at = next((i for i, c in enumerate(chosen) if _repeats(one, c, question)), None)
        if at is not None:
            longer = _goes_on(one, chosen[at])
            chosen[at] = one.citing(chosen[at]) if longer else chosen[at].citing(one)
        elif len(chosen) < _MOST:
            chosen.append(one)
    return [one for one in chosen if one.relevant]


def _repeats(one: ScoredUnit, earlier: ScoredUnit, question: ParsedQuestion) -> bool:
    """Return whether a unit states what an earlier one does: the same figures, the same words.

    One that is shorter may leave out, but adds no name and no word of the question.
    """
    if one.unit.overlaps(earlier.unit):
        return True
    written = [set(_WORD.findall(readable(unit, question))) for unit in (one, earlier)]
    more = written[0] - written[1]
    if terms(" ".join(more)) & question.terms:
        return False
    new, old = ({word.casefold() for word in words} for words in written)
    shared = len(new & old)
    differ = {word for word in new ^ old if any(letter.isdigit() for letter in word)}
    if not differ and shared >= _SAME * len(new | old):
        return True
    if _goes_on(one, earlier):
        return shared >= _WITHIN * len(old)
    adds = differ & new or any(word[0].isupper() for word in more)
    return not adds and shared >= _WITHIN * len(new)


def _goes_on(one: ScoredUnit, earlier: ScoredUnit) -> bool:
    """Return whether a unit is the earlier one's list with more of its items."""
    new, old = one.unit, earlier.unit
    return new.part.kind == old.part.kind == "item" and len(new.text) > len(old.text)


def shared_words(wanted: frozenset[str], texts: Sequence[str]) -> list[float]:
    """Return how much of the question each text holds, 0 to 1, rare words counting more."""
    held = [terms(text) & wanted for text in texts]
    frequency = Counter(word for found in held for word in found)
    weight = {word: math.log(1 + len(texts) / (0.5 + frequency[word])) for word in wanted}
    total = sum(weight.values()) or 1.0
    return [sum(weight[word] for word in found) / total for found in held]


def _columns(question: ParsedQuestion, hits: Sequence[Hit], found: Sequence[Unit]) -> list[int]:
    """Return the column of each unit's cell that answers, -1 if it has none.

    Documents that name nobody whom the question names give no cell, if others do.
    """
    naming = {hit.chunk.document for hit in hits if question.named & terms(hit.chunk.passage)}
    labels = (terms(unit.row.full_label) for unit in found if unit.row)
    required = question.subject & set().union(*labels)
    return [
        answering(unit.row, question, required, unit.context)
        if unit.row and question.wants_value and (not naming or unit.chunk.document in naming)
        else -1
        for unit in found
    ]


def _subject(question: ParsedQuestion, hits: Sequence[Hit]) -> frozenset[str]:
    """Return the words of which an answer should hold one: what is asked, and rare names.

    A company's name is in all of its reports: a sentence that holds nothing else is no answer.
    """
    held = Counter(word for hit in hits for word in terms(hit.chunk.passage))
    rare = {name for name in question.named if 0 < held[name] <= len(hits) / 2}
    return frozenset(rare | (question.subject - question.named))
