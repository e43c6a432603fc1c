"""BM25Okapi's scores over the segments of an inverted index, as they stand at one moment."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.store.analyse import Groups
from rag.store.lexical import EPSILON, K1, B
from rag.store.segment import Ints, Segment

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
_MOST_MASKS = 8
_MOST_PARTS = 8


class Snapshot:
    """The chunks of ``segments``, numbered through as rows 0 to n - 1, and their statistics.

    ``numbers``: each term's number; may grow meanwhile. ``frequencies``: (terms,) in how many
    chunks that count each term occurs. ``counted``: (n,) which rows count, by default all that are
    live; the others are as if they were not there. Every operation on floats is the one that
    BM25Okapi does, in its order, so that scores are equal to the last bit, but for the rounding of
    the mean IDF, which depends on the order of the terms.
    """

    def __init__(
        self,
        segments: Sequence[Segment],
        numbers: Mapping[str, int],
        frequencies: Ints,
        counted: NDArray[np.bool_] | None = None,
    ) -> None:
        self._segments = tuple(segments)
        self._numbers = numbers
        self._frequencies = frequencies
        self._masks: OrderedDict[frozenset[str], NDArray[np.bool_]] = OrderedDict()
        self._parts: OrderedDict[frozenset[str], Snapshot] = OrderedDict()
        self._bases = [0, *accumulate(len(segment.ids) for segment in segments)]
        if counted is None:
            counted = np.concatenate([np.zeros(0, bool), *(s.live for s in segments)])
        self._live = counted
        lengths = np.concatenate([np.zeros(0, np.int64), *(s.lengths for s in segments)])
        self._n = int(self._live.sum())
        total = int(lengths[self._live].sum())
        # An infinite norm lets removed chunks score 0.
        self._norms = np.full(len(lengths), np.inf)
        if total:
            self._norms[self._live] = K1 * (1 - B + B * lengths[self._live] / (total / self._n))

    def among(self, ids: frozenset[str]) -> Snapshot:
        """Return the scores that these chunks have if there are no others.

        It is kept: the first question counts every posting once, the next ones nothing.
        """
        part = self._parts.get(ids)
        if part is None:
            counted = self._mask(ids) & self._live
            frequencies = np.zeros_like(self._frequencies)
            for base, segment in zip(self._bases, self._segments, strict=False):
                own = counted[base : base + len(segment.ids)]
                frequencies[segment.terms] += segment.frequencies(own)
            part = self._parts[ids] = Snapshot(self._segments, self._numbers, frequencies, counted)
            while len(self._parts) > _MOST_PARTS:
                self._parts.popitem(last=False)
        return part

    def best(
        self, words: Groups, k: int, within: frozenset[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the ids and scores of the ``k`` best chunks that share a word, in order."""
        if k < 1:
            return []
        terms = self._terms(words)
        scores, rows = self._scored(terms)
        if within is not None:
            inside = self._mask(within)
            scores *= inside
            rows = {term: found[inside.take(found)] for term, found in rows.items()}
        if all(self._weight(chunks) > 0 for _, chunks in terms):
            candidates = self._promising(scores, list(rows.values()), k)
        else:
            candidates = self._sharing(list(rows.values()))
        return [(self._id(int(row)), float(scores[row])) for row in _top(scores, candidates, k)]

    def score(self, words: Groups, ids: Sequence[str]) -> list[float]:
        """Return the scores of given chunks, 0.0 if there is no such chunk."""
        scores, _ = self._scored(self._terms(words))
        rows = [self._row(id) for id in ids]
        return [0.0 if row is None else float(scores[row]) for row in rows]

    def explain(self, words: Groups, id: str) -> dict[str, float]:
        """Return what each word that a chunk has contributes to its score."""
        row = self._row(id)
        parts: dict[str, float] = {}
        if row is None:
            return parts
        for group in words:
            for term, chunks in self._terms([group]):
                rows, contributions = self._contributions(term, chunks)
                at = int(np.searchsorted(rows, row))
                if at < len(rows) and rows[at] == row:
                    word = next(word for word in group if self._numbers.get(word) == term)
                    parts[word] = parts.get(word, 0.0) + float(contributions[at])
        return parts

    def _terms(self, groups: Groups) -> list[tuple[int, int]]:
        """Return the numbers of those terms that a live chunk has, each with its group's chunks."""
        known, found = range(len(self._frequencies)), []
        for group in groups:
            numbers = (self._numbers.get(word, -1) for word in group)
            of_group = {n: int(self._frequencies[n]) for n in numbers if n in known}
            # A chunk rarely has two forms of a word, so their sum stands for the chunks with any.
            together = min(sum(of_group.values()), self._n)
            found += [(number, together) for number, chunks in of_group.items() if chunks]
        return found

    def _weight(self, chunks: int) -> float:
        """Return the IDF of what is in so many chunks, floored as BM25Okapi does it."""
        idf = math.log(self._n - chunks + 0.5) - math.log(chunks + 0.5)
        return idf if idf >= 0 else self._floor

    @cached_property
    def _floor(self) -> float:
        """What takes the place of a negative IDF: a share of the mean over all terms."""
        chunks, terms = np.unique(self._frequencies[self._frequencies > 0], return_counts=True)
        idfs = np.log(self._n - chunks + 0.5) - np.log(chunks + 0.5)
        return EPSILON * (math.fsum(terms * idfs) / int(terms.sum()))

    def _scored(
        self, terms: Sequence[tuple[int, int]]
    ) -> tuple[Floats, dict[tuple[int, int], Rows]]:
        """Return the score of every row, 0 if it has none of ``terms``, and each term's rows."""
        scores = np.zeros(len(self._norms))
        of_term = {term: self._contributions(*term) for term in terms}
        for term in terms:
            rows, contributions = of_term[term]
            np.add.at(scores, rows, contributions)
        return scores, {term: rows for term, (rows, _) in of_term.items()}

    def _contributions(self, term: int, chunks: int) -> tuple[Rows, Floats]:
        """Return the rows that have a term, ascending, and what it adds to their scores."""
        found, counts = [], []
        for base, segment in zip(self._bases, self._segments, strict=False):
            postings = segment.postings(term)
            if postings is not None:
                rows = segment.rows[postings].astype(np.intp)
                found.append(rows + base if base else rows)
                counts.append(segment.counts[postings])
        rows, count = _joined(found), _joined(counts)
        return rows, self._weight(chunks) * (count * (K1 + 1) / (count + self._norms.take(rows)))

    def _promising(self, scores: Floats, matches: Sequence[Rows], k: int) -> Rows:
        """Return rows among which the best are, if every match scores above 0.

        The k-th best score of any rows is a lower bound for the k-th best of all; rows of the
        rarest term, which weighs most, give a high one.
        """
        enough = [rows for rows in matches if len(rows) >= k]
        bound = 0.0
        if enough:
            bound = _kth(scores.take(min(enough, key=len)), k)
        return np.flatnonzero(scores >= bound if bound > 0 else scores > 0)

    def _sharing(self, matches: Sequence[Rows]) -> Rows:
        shares = np.zeros(len(self._norms), bool)
        for rows in matches:
            shares[rows] = True
        return np.flatnonzero(shares & self._live)

    def _mask(self, within: frozenset[str]) -> NDArray[np.bool_]:
        """Return which rows are ``within``; kept, for people ask the same documents again."""
        mask = self._masks.get(within)
        if mask is None:
            mask = np.zeros(len(self._norms), bool)
            for base, segment in zip(self._bases, self._segments, strict=False):
                held = segment.row_of.copy()
                few, many = sorted((held.keys(), within), key=len)
                mask[[base + held[id] for id in few if id in many]] = True
            self._masks[within] = mask
            while len(self._masks) > _MOST_MASKS:
                self._masks.popitem(last=False)
        return mask

    def _row(self, id: str) -> int | None:
        for base, segment in zip(self._bases, self._segments, strict=False):
            row = segment.row_of.get(id)
            if row is not None:
                return base + row
        return None

    def _id(self, row: int) -> str:
        at = int(np.searchsorted(self._bases, row, side="right")) - 1
        return self._segments[at].ids[row - self._bases[at]]


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _kth(scores: Floats, k: int) -> float:
    return float(np.partition(scores, len(scores) - k)[len(scores) - k])


def _top(scores: Floats, candidates: Rows, k: int) -> Rows:
    """Return the ``k`` best candidates (ascending rows), ties in the order of rows."""
    if len(candidates) > k:
        candidates = candidates[scores[candidates] >= _kth(scores[candidates], k)]
    return candidates[np.argsort(-scores[candidates], kind="stable")[:k]]
