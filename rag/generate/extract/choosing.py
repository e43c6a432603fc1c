"""Which of the best units stand in the answer, and which only repeat another one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.generate.extract.question import ParsedQuestion
from rag.generate.extract.reading import readable
from rag.generate.extract.scoring import ScoredUnit
from rag.text.words import terms

_MARGIN, _MOST = 0.3, 4
_SAME = 0.75
_WITHIN = 0.85
_WORD = re.compile(r"\d[\d.,]*\d|\w+")


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
    """Tell whether a unit states what an earlier one does: the same figures, the same words.

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
    """Tell whether a unit is the earlier one's list with more of its items."""
    new, old = one.unit, earlier.unit
    return new.part.kind == old.part.kind == "item" and len(new.text) > len(old.text)
