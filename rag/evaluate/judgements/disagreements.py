"""Where judges differ about the same text, also if they judged it in pieces of other sizes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rag.evaluate.judgements.anchors import overlaps
from rag.evaluate.judgements.record import PEOPLE, Judgement, Source


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two judges' grades of texts that share at least half of the shorter one."""

    first: Judgement
    second: Judgement

    @property
    def steps(self) -> int:
        """How far the grades are apart: 1 to 3."""
        return abs(self.first.grade - self.second.grade)


def disagreements(
    held: Sequence[Judgement], sources: Collection[Source] = PEOPLE
) -> list[Disagreement]:
    """Return the pairs of judges whose grades differ, those that differ most first.

    Judgements of these sources that are not lost. A judgement of a whole document is compared with
    others of the whole document only: one of its passages may well say nothing.
    """
    groups: dict[tuple[str, str, bool], list[Judgement]] = {}
    for one in held:
        if one.source in sources and one.status == "current":
            groups.setdefault((one.question, one.document, one.whole), []).append(one)
    found = [pair for group in groups.values() for pair in _pairs(group)]
    return sorted(found, key=lambda pair: -pair.steps)


def _pairs(group: Sequence[Judgement]) -> Iterator[Disagreement]:
    """Yield those of one question and document that differ."""
    group = sorted(group, key=lambda one: one.start)
    for place, one in enumerate(group):
        for other in group[place + 1 :]:
            if other.start >= one.end and not one.whole:
                break
            same = (one.judge, one.source) == (other.judge, other.source)
            if not same and one.grade != other.grade and _same_text(one, other):
                yield Disagreement(one, other)


def _same_text(one: Judgement, other: Judgement) -> bool:
    return one.whole or overlaps((one.start, one.end), (other.start, other.end))
