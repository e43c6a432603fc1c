"""BM25 on an inverted index that adds and removes without a rebuild, kept in a folder.

Added chunks make a segment; neighbouring segments are merged so that each is more than twice as
large as the next, up to a size (after Lucene). The folder holds a file a segment, written once,
and a manifest that names them, written last; a file that it does not name does not count.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Collection, Mapping, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rag.store.bm25 import Snapshot
from rag.store.durable import write_json
from rag.store.lexical import Analyse, last_of_each, read_manifest
from rag.store.segment import Ints, Segment, build, merge, merged_where_due, read, write

_ENGINE = "inverted"
_VERSION = 1
_MANIFEST = "manifest.json"
_SUFFIX = ".segment"
_BATCH = 10_000
_FEW_TERMS = 1_000


class InvertedIndex:
    """The `LexicalIndex` for libraries of any size.

    Searches read a `Snapshot` and wait for nobody; changes wait for one another.
    """

    def __init__(self, folder: Path, analyser: Analyse) -> None:
        self._folder = folder
        self._analyse = analyser
        self._changing = threading.Lock()
        self._segments: list[Segment] = []
        self._numbers = _Vocabulary()
        self._frequencies: Ints = np.zeros(0, np.int64)
        self._files_made = 0
        self._saved = True
        self._snapshot = Snapshot([], {}, self._frequencies)

    @classmethod
    def open(cls, folder: Path, analyser: Analyse) -> Self:
        """Open the index in ``folder``, an empty one where there is none.

        Raises `LibraryError` on a damaged file and `LibraryMismatch` on another analyser.
        """
        index = cls(folder, analyser)
        manifest = read_manifest(folder / _MANIFEST, _ENGINE, _VERSION, analyser.name)
        if manifest is not None:
            index._load(manifest)
        return index

    def add(self, ids: Sequence[str], texts: Sequence[str]) -> None:
        """Add chunks; an id that is there already, or comes twice, is replaced by the later."""
        pairs = list(last_of_each(ids, texts).items())
        for start in range(0, len(pairs), _BATCH):
            analysed = {id: self._analyse(text) for id, text in pairs[start : start + _BATCH]}
            with self._changing:
                self._drop(analysed)
                self._append(analysed)
                self._publish()

    def remove(self, ids: Collection[str]) -> None:
        """Remove chunks; unknown ids are ignored."""
        with self._changing:
            if self._drop(ids):
                self._publish()

    def search(
        self, query: str, k: int, within: frozenset[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the ``k`` best of the chunks that share a term with ``query``, best first."""
        return self._snapshot.best(self._analyse(query), k, within)

    def score(self, query: str, ids: Sequence[str]) -> list[float]:
        """Return the scores of given chunks; 0.0 where nothing matches or the id is unknown."""
        return self._snapshot.score(self._analyse(query), ids)

    def explain(self, query: str, id: str) -> dict[str, float]:
        """Return what each matching term contributes to a chunk's score; they sum to it."""
        return self._snapshot.explain(self._analyse(query), id)

    def ids(self) -> set[str]:
        """Return the ids of all chunks."""
        with self._changing:
            return {id for segment in self._segments for id in segment.row_of}

    def save(self) -> None:
        """Make the present state durable; a process killed meanwhile leaves this or the last."""
        with self._changing:
            if self._saved:
                return
            self._write_segments()
            write_json(self._folder / _MANIFEST, self._manifest())
            self._saved = True
            self._sweep()

    def _append(self, analysed: Mapping[str, list[str]]) -> None:
        known = len(self._numbers)
        tokens = array("i")
        for words in analysed.values():
            tokens.extend(map(self._numbers.__getitem__, words))
        introduced = len(self._numbers) - known
        lengths = [len(words) for words in analysed.values()]
        added = build(list(analysed), lengths, np.frombuffer(tokens, np.int32), introduced)
        self._segments.append(added)
        self._frequencies = np.append(self._frequencies, np.zeros(introduced, np.int64))
        self._frequencies[added.terms] += added.frequencies()

    def _drop(self, ids: Collection[str]) -> bool:
        """Mark chunks as removed; return whether there were any."""
        self._frequencies = self._frequencies.copy()  # searches go on reading the former ones
        dropped = False
        for segment in self._segments:
            present = [id for id in set(ids) if id in segment.row_of]
            if present:
                rows = segment.drop(present)
                self._frequencies[segment.terms] -= segment.frequencies(rows)
                dropped = True
        return dropped

    def _publish(self) -> None:
        """Tidy up after a change and let searches see it."""
        self._saved = False
        self._segments = merged_where_due(self._segments)
        used = self._frequencies > 0
        if len(used) > _FEW_TERMS + 2 * int(used.sum()):
            self._forget_unused(used)
        self._snapshot = Snapshot(self._segments, self._numbers, self._frequencies)

    def _forget_unused(self, used: NDArray[np.bool_]) -> None:
        """Leave out the terms that no chunk has any more, and number the others anew."""
        words = [word for word, number in self._numbers.items() if used[number]]
        joined = merge(self._segments, np.cumsum(used) - 1)
        joined.introduced = len(words)
        self._segments = [joined]
        self._numbers = _Vocabulary((word, number) for number, word in enumerate(words))
        self._frequencies = self._frequencies[used]

    def _write_segments(self) -> None:
        words = iter(self._numbers)
        for segment in self._segments:
            introduced = list(islice(words, segment.introduced))
            if not segment.file:
                self._files_made += 1
                name = f"{self._files_made:08d}{_SUFFIX}"
                segment.checksum = write(segment, introduced, self._folder / name)
                segment.file = name

    def _manifest(self) -> dict[str, Any]:
        described = [
            {"file": s.file, "checksum": s.checksum, "removed": np.flatnonzero(~s.live).tolist()}
            for s in self._segments
        ]
        return {
            "engine": _ENGINE,
            "version": _VERSION,
            "analyser": self._analyse.name,
            "files_made": self._files_made,
            "segments": described,
        }

    def _load(self, manifest: Mapping[str, Any]) -> None:
        self._files_made = manifest["files_made"]
        for described in manifest["segments"]:
            part, words = read(self._folder / described["file"], described["checksum"])
            part.drop([part.ids[row] for row in described["removed"]])
            self._segments.append(part)
            self._numbers.update(zip(words, count(len(self._numbers)), strict=False))
        self._frequencies = np.zeros(len(self._numbers), np.int64)
        for part in self._segments:
            self._frequencies[part.terms] += part.frequencies(part.live)
        self._snapshot = Snapshot(self._segments, self._numbers, self._frequencies)

    def _sweep(self) -> None:
        """Delete the files of segments that were merged, and what a killed process left."""
        named = {segment.file for segment in self._segments}
        for path in self._folder.iterdir():
            left_over = path.suffix == ".tmp" or (path.suffix == _SUFFIX and path.name not in named)
            if left_over:
                path.unlink()


class _Vocabulary(dict[str, int]):
    """Every term's number; a term not met before gets the next one."""

    def __missing__(self, term: str) -> int:
        self[term] = number = len(self)
        return number
