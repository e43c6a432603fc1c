"""One judgement, and how judgements of spans become grades of chunks.

A judgement holds for every chunk that shares at least half of the shorter of the two
(`anchors.overlaps`). Of one judge's judgements on a chunk, the one of exactly that span wins, else
the highest. Several judges' grades are put together by their lower median.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Literal

from rag.evaluate.judgements.anchors import overlaps
from rag.text.typed import clean
from rag.types import Chunk

Source = Literal["person", "llm", "import", "feedback"]
SOURCES: tuple[Source, ...] = ("person", "llm", "import", "feedback")
# What counts. A model's grades and what thumbs on answers suggest are proposals, kept apart.
PEOPLE: tuple[Source, ...] = ("person", "import")
LOWEST, HIGHEST = 0, 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """A grade from 0 (not relevant) to 3 (answers it) for the characters ``start:end``.

    ``end`` 0 means the document as a whole. ``digest`` names the version of the document whose
    offsets these are. ``status`` is ``lost`` if that text is not in the present version, and
    ``removed`` if the document was removed from a library with accounts: only the same bytes bring
    it back then, because another document of that name may be somebody else's. ``accepted``: a
    person took it over from a proposal (of a model, a thumb up), so it is not a blind grade.
    ``requested_by`` is the account that had a model grade it, or that imported the model's grade;
    empty for people's own, in a library without accounts, and if it is not known.
    """

    question: str
    document: str
    digest: str
    start: int
    end: int
    quote: str
    grade: int
    judge: str
    source: Source = "person"
    note: str = ""
    status: Literal["current", "lost", "removed"] = "current"
    time: float = 0.0
    id: int = 0
    accepted: bool = False
    requested_by: str = ""

    @property
    def whole(self) -> bool:
        """Whether the document as a whole was judged."""
        return self.end == 0


def same_words(question: str) -> str:
    """Return a question's words with single spaces: judgements belong to these."""
    return " ".join(clean(question).split())


def holds(judgement: Judgement, chunk: Chunk) -> bool:
    """Return whether a judgement of the chunk's document holds for the chunk."""
    span = (judgement.start, judgement.end)
    return judgement.whole or overlaps(span, (chunk.start, chunk.end))


def grade_of(applying: Sequence[Judgement], chunk: Chunk) -> int:
    """Put together the grades that hold for a chunk: one a judge, then their lower median."""
    judges: dict[tuple[str, str], list[Judgement]] = {}
    for one in applying:
        judges.setdefault((one.judge, one.source), []).append(one)
    return median_low([_of_one_judge(given, chunk) for given in judges.values()])


def _of_one_judge(given: Sequence[Judgement], chunk: Chunk) -> int:
    exact = [one.grade for one in given if (one.start, one.end) == (chunk.start, chunk.end)]
    return exact[-1] if exact else max(one.grade for one in given)


def applying(
    held: Sequence[Judgement], chunks: Sequence[Chunk]
) -> Iterator[tuple[str, Chunk, list[Judgement]]]:
    """Yield (question, chunk, the judgements that hold for it) of one document's chunks."""
    # In reading order both the starts and the ends of chunks rise.
    starts, ends = [c.start for c in chunks], [c.end for c in chunks]
    found: dict[tuple[str, int], list[Judgement]] = {}
    for one in held:
        first, last = bisect_right(ends, one.start), bisect_left(starts, one.end)
        for i in range(len(chunks)) if one.whole else range(first, last):
            if holds(one, chunks[i]):
                found.setdefault((one.question, i), []).append(one)
    for (question, i), applying in found.items():
        yield question, chunks[i], applying


def by_document(held: Sequence[Judgement]) -> dict[str, dict[str, int]]:
    """Return question → document → grade from judgements of whole documents."""
    grades: dict[tuple[str, str], list[int]] = {}
    for one in held:
        grades.setdefault((one.question, one.document), []).append(one.grade)
    found: dict[str, dict[str, int]] = {}
    for (question, document), given in grades.items():
        found.setdefault(question, {})[document] = median_low(given)
    return found
