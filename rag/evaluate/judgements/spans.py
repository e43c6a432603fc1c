"""Judged spans: what is relevant to a question as characters of documents, whatever the chunks.

Grades of chunks hold for one chunking. Where chunkings are compared, the judged text itself counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rag.evaluate.judgements.anchors import overlaps


@dataclass(frozen=True, slots=True)
class JudgedSpan:
    """The characters ``start:end`` of a document, and how relevant they are (above 0).

    ``end`` 0 means the document as a whole.
    """

    document: str
    start: int
    end: int
    grade: int

    @property
    def whole(self) -> bool:
        """Whether the document as a whole was judged."""
        return self.end == 0


Spans = Mapping[str, tuple[JudgedSpan, ...]]
"""Question id → its relevant spans."""


def distinct(spans: Iterable[JudgedSpan]) -> tuple[JudgedSpan, ...]:
    """Return the relevant ones of spans, each text once.

    Of spans that share half of the shorter one the best graded is kept, of equal ones the shorter:
    the same words may have been judged in the chunks of two chunkings.
    """
    kept: list[JudgedSpan] = []
    relevant = (span for span in spans if span.grade > 0)
    for span in sorted(relevant, key=lambda s: (-s.grade, s.end - s.start, s.document, s.start)):
        if not any(_same(span, other) for other in kept):
            kept.append(span)
    return tuple(kept)


def _same(one: JudgedSpan, other: JudgedSpan) -> bool:
    if one.document != other.document:
        return False
    whole = one.whole or other.whole
    return whole or overlaps((one.start, one.end), (other.start, other.end))
