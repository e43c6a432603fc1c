"""How good a ranking is, measured on judged text, so that chunks of any size compare.

nDCG over chunks does not: with longer chunks ten of them hold more text, and there are fewer
relevant ones. Here a ranking is text that is read from the top. What has been read counts, in place
of the rank, as in time-biased gain (Smucker and Clarke, SIGIR 2012), with nDCG's discount.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rag.evaluate.judgements.spans import JudgedSpan
from rag.types import Chunk, Hit, Trace

RANK = 1_000  # characters that count as one rank: a chunk of 200 tokens or so
DEPTH = 10  # ranks that are read
FOUND, EVIDENCE = "found@10k", "evidence"
MEANINGS = {
    FOUND: "share of the judged text within the first 10,000 characters of the ranking; what "
    "stands further down counts less, as in nDCG",
    EVIDENCE: "share of the judged text that the answer is given",
}


def found(hits: Sequence[Hit], spans: Sequence[JudgedSpan]) -> float:
    """Return the share (0 to 1) of judged text that a ranking holds, discounted by text before.

    A span counts by its grade, and each part of it once.
    """
    read, gained, left_to_find = 0, 0.0, _LeftToFind(spans)
    for hit in hits:
        rank = 1 + read / RANK
        if rank > DEPTH:
            break
        gained += left_to_find.take(hit.chunk) / math.log2(1 + rank)
        read += hit.chunk.end - hit.chunk.start
    return gained / left_to_find.total


def evidence(trace: Trace, spans: Sequence[JudgedSpan]) -> float:
    """Return the share (0 to 1) of judged text that the answer is given, in any order."""
    left_to_find = _LeftToFind(spans)
    return sum(left_to_find.take(hit.chunk) for hit in trace.given) / left_to_find.total


def characters(trace: Trace) -> int:
    """Return how much text the answer is given."""
    return sum(hit.chunk.end - hit.chunk.start for hit in trace.given)


class _LeftToFind:
    """The judged text that is still to be found."""

    def __init__(self, spans: Sequence[JudgedSpan]) -> None:
        self.total = sum(span.grade for span in spans)
        self._left = {span: [(span.start, max(span.end, 1))] for span in spans}

    def take(self, chunk: Chunk) -> float:
        """Return what a chunk holds of it, in grades; it is found from then on."""
        gained = 0.0
        for span, left in self._left.items():
            if span.document != chunk.document or not left:
                continue
            if span.whole:
                gained, self._left[span] = gained + span.grade, []
                continue
            before, rest = _length(left), list(_without(left, chunk.start, chunk.end))
            gained += span.grade * (before - _length(rest)) / (span.end - span.start)
            self._left[span] = rest
        return gained


def _without(parts: Iterable[tuple[int, int]], start: int, end: int) -> Iterable[tuple[int, int]]:
    for first, last in parts:
        if first < min(last, start):
            yield first, min(last, start)
        if max(first, end) < last:
            yield max(first, end), last


def _length(parts: Iterable[tuple[int, int]]) -> int:
    return sum(last - first for first, last in parts)
