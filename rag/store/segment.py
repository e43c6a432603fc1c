"""A part of the inverted index: postings of consecutively added chunks, in arrays.

Postings are never changed. Removed chunks are marked, and left out when segments are merged.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.store.durable import read_file, write_file

Ints = NDArray[np.integer[Any]]
"""Whole numbers of whichever width holds the largest one."""

_LARGEST = 65_536  # chunks: their rows fit 16 bits, and merging them takes no second

_ARRAYS = ("lengths", "terms", "offsets", "rows", "counts")


@dataclass(slots=True, eq=False)
class Segment:
    """``n`` chunks (rows, in order of adding) and their postings, grouped by term.

    ``terms``: (t,) ascending numbers of the terms that occur; the postings of ``terms[i]`` are
    ``rows[offsets[i]:offsets[i + 1]]``, ascending, with the term's ``counts`` in these chunks.
    ``introduced``: how many of the vocabulary's terms came with this segment.
    """

    ids: list[str]
    lengths: Ints
    terms: Ints
    offsets: Ints
    rows: Ints
    counts: Ints
    introduced: int
    file: str = ""
    checksum: int = 0
    live: NDArray[np.bool_] = field(init=False)
    row_of: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.live = np.ones(len(self.ids), bool)
        self.row_of = {id: row for row, id in enumerate(self.ids)}

    def postings(self, term: int) -> slice | None:
        """Return where a term's postings are, None if it has none."""
        at = int(np.searchsorted(self.terms, term))
        if at == len(self.terms) or self.terms[at] != term:
            return None
        return slice(int(self.offsets[at]), int(self.offsets[at + 1]))

    def frequencies(self, chosen: NDArray[np.bool_] | None = None) -> Ints:
        """Return in how many of the chosen rows (all by default) each of ``terms`` occurs: (t,)."""
        if chosen is None:
            return np.diff(self.offsets)
        hits = np.flatnonzero(chosen[self.rows])
        return np.diff(np.searchsorted(hits, self.offsets))

    def drop(self, ids: Sequence[str]) -> NDArray[np.bool_]:
        """Mark chunks as removed; return which rows they were: (n,)."""
        dropped = np.zeros(len(self.ids), bool)
        dropped[[self.row_of.pop(id) for id in ids]] = True
        self.live &= ~dropped
        return dropped


def build(
    ids: list[str], lengths: Sequence[int], tokens: NDArray[np.int32], introduced: int
) -> Segment:
    """Make a segment of chunks whose term numbers stand one after the other in ``tokens``."""
    n = max(len(ids), 1)
    row_of_token = np.repeat(np.arange(len(ids)), lengths)
    keys, counts = np.unique(tokens.astype(np.int64) * n + row_of_token, return_counts=True)
    return _grouped(ids, np.asarray(lengths, np.int64), keys // n, keys % n, counts, introduced)


def merge(segments: Sequence[Segment], renumbered: Ints | None = None) -> Segment:
    """Join neighbouring segments, without their removed chunks.

    ``renumbered`` maps old term numbers to new ones, in the same order (terms that no live chunk
    has may map anywhere).
    """
    terms, rows, counts = [], [], []
    ids: list[str] = []
    for segment in segments:
        kept = segment.live[segment.rows]
        new_row = np.cumsum(segment.live) - 1 + len(ids)
        terms.append(np.repeat(segment.terms, np.diff(segment.offsets))[kept])
        rows.append(new_row[segment.rows[kept]].astype(np.int32))
        counts.append(segment.counts[kept])
        ids += segment.row_of
    all_terms = np.concatenate(terms)
    if renumbered is not None:
        all_terms = renumbered[all_terms]
    order = np.argsort(all_terms, kind="stable")
    return _grouped(
        ids,
        np.concatenate([s.lengths[s.live] for s in segments]),
        all_terms[order],
        np.concatenate(rows)[order],
        np.concatenate(counts)[order],
        sum(s.introduced for s in segments),
    )


def merged_where_due(segments: Sequence[Segment]) -> list[Segment]:
    """Merge neighbours until each is more than twice as large as the next, or they are large.

    So there are few segments to search, and a chunk is copied a logarithmic number of times. A
    segment that lost more than half of its chunks is written anew without them.
    """
    kept: list[Segment] = []
    for segment in segments:
        kept.append(segment)
        while len(kept) > 1 and should_join(len(kept[-2].row_of), len(kept[-1].row_of)):
            kept[-2:] = [merge(kept[-2:])]
    return [s if 2 * len(s.row_of) >= len(s.ids) else merge([s]) for s in kept]


def should_join(former: int, latter: int) -> bool:
    """Return whether two neighbours of so many chunks are to be one segment."""
    return former <= 2 * latter and former + latter <= _LARGEST


def renumbered(segment: Segment, numbers: Ints) -> Segment:
    """Return a segment whose term ``i`` has the number ``numbers[i]``."""
    terms = numbers[segment.terms]
    order = np.argsort(terms)
    ends = segment.offsets.astype(np.int64)
    starts = ends[:-1][order]
    sizes: NDArray[np.int64] = ends[1:][order] - starts
    offsets: NDArray[np.int64] = np.append(0, np.cumsum(sizes))
    moved = np.repeat(starts - offsets[:-1], sizes) + np.arange(offsets[-1])
    return Segment(
        ids=segment.ids,
        lengths=segment.lengths,
        terms=terms[order].astype(np.int32),
        offsets=_narrow(offsets),
        rows=segment.rows[moved],
        counts=segment.counts[moved],
        introduced=segment.introduced,
    )


def showing(segment: Segment, live: NDArray[np.bool_]) -> Segment:
    """Return a segment of the same postings of which only the rows ``live`` (n,) count."""
    shown = replace(segment)
    shown.live = live
    shown.row_of = {segment.ids[row]: row for row in np.flatnonzero(live).tolist()}
    return shown


def write(segment: Segment, words: Sequence[str], path: Path) -> int:
    """Write a segment with the ``words`` that it introduced; return the file's CRC-32."""
    return write_file(path, dumped(segment, words))


def dumped(segment: Segment, words: Sequence[str]) -> bytes:
    """Return a segment and its words as bytes.

    These are arrays in numpy's own format, one after the other; lists of strings as JSON.
    """
    strings = [
        np.frombuffer(json.dumps(list(values)).encode(), np.uint8)
        for values in (segment.ids, words)
    ]
    content = BytesIO()
    for array in [*(getattr(segment, name) for name in _ARRAYS), *strings]:
        np.lib.format.write_array(content, array, allow_pickle=False)
    return content.getvalue()


def read(path: Path, checksum: int) -> tuple[Segment, list[str]]:
    """Read a segment and its words; raises `LibraryError` if the file is damaged."""
    made, words = loaded(read_file(path, checksum))
    made.file, made.checksum = path.name, checksum
    return made, words


def loaded(content: bytes) -> tuple[Segment, list[str]]:
    """Return the segment and the words that `dumped` was given."""
    file = BytesIO(content)
    arrays: dict[str, Any] = {
        name: np.lib.format.read_array(file, allow_pickle=False) for name in _ARRAYS
    }
    ids, words = (json.loads(np.lib.format.read_array(file).tobytes()) for _ in range(2))
    return Segment(ids=ids, introduced=len(words), **arrays), words


def _grouped(
    ids: list[str], lengths: Ints, terms: Ints, rows: Ints, counts: Ints, introduced: int
) -> Segment:
    """Make a segment of postings that are sorted by term, then row."""
    firsts = np.flatnonzero(np.diff(terms, prepend=-1))
    offsets = np.append(firsts, len(terms))
    return Segment(
        ids=ids,
        lengths=_narrow(lengths),
        terms=terms[firsts].astype(np.int32),
        offsets=_narrow(offsets),
        rows=_narrow(rows),
        counts=_narrow(counts),
        introduced=introduced,
    )


def _narrow(values: Ints) -> Ints:
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))
