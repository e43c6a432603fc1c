"""BM25 on an inverted index that adds and removes without a rebuild, kept in a folder.

Added chunks make a segment; neighbouring segments are merged so that each is more than twice as
large as the next, up to a size (after Lucene). A removed chunk is only marked until `forget`, which
writes the segments that held it anew. The folder holds a file a segment, written once,
and a manifest that names them, written last; a file that it does not name does not count.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.store.analyse import Analyser, AutoAnalyser
from rag.store.bm25 import Snapshot
from rag.store.durable import write_json
from rag.store.lexical import LexicalIndex
from rag.store.segment import Ints, Segment, build, merge, merged_where_due, read, write

_SUFFIX = ".segment"
_FEW_TERMS = 1_000
_BLANK = "\0"  # begins what stands for a word that was forgotten; no analyser returns it


class InvertedIndex(LexicalIndex):
    """For libraries of any size.

    Searches read a `Snapshot` and wait for nobody; changes wait for one another.
    """

    engine = "inverted"
    manifest = "manifest.json"

    def __init__(self, folder: Path, analyser: Analyser | AutoAnalyser) -> None:
        super().__init__(folder, analyser)
        self._segments: list[Segment] = []
        self._numbers = Vocabulary()
        self._frequencies: Ints = np.zeros(0, np.int64)
        self._files_made = 0
        self._snapshot = Snapshot([], {}, self._frequencies)

    def _scores(self) -> Snapshot:
        return self._snapshot

    def _ids(self) -> set[str]:
        return {id for segment in self._segments for id in segment.row_of}

    def _change(self, gone: Collection[str], come: Mapping[str, list[str]]) -> bool:
        dropped = self._drop(gone)
        if come:
            self._append(come)
        if dropped or come:
            self._publish()
        return dropped

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
        self._numbers = Vocabulary((word, number) for number, word in enumerate(words))
        self._frequencies = self._frequencies[used]

    def _forget(self) -> bool:
        blank = self._blanked()
        changed = bool(blank) or any(not segment.live.all() for segment in self._segments)
        if changed:
            self._numbers = Vocabulary(
                (f"{_BLANK}{number}" if number in blank else word, number)
                for word, number in self._numbers.items()
            )
            self._segments = [s if s.live.all() else merge([s]) for s in self._segments]
            self._rewrite_introducing(blank)
            self._snapshot = Snapshot(self._segments, self._numbers, self._frequencies)
        return changed

    def _blanked(self) -> set[int]:
        """Return the numbers of the words that no chunk has any more, and that are still there."""
        unused = set(np.flatnonzero(self._frequencies == 0).tolist())
        return unused and {
            number
            for word, number in self._numbers.items()
            if number in unused and not word.startswith(_BLANK)
        }

    def _rewrite_introducing(self, blank: set[int]) -> None:
        """Have the files written anew that hold one of these words."""
        first = 0
        for segment in self._segments:
            if any(first <= number < first + segment.introduced for number in blank):
                segment.file = ""
            first += segment.introduced

    def _write(self, header: Mapping[str, Any]) -> None:
        words = iter(self._numbers)
        for segment in self._segments:
            introduced = list(islice(words, segment.introduced))
            if not segment.file:
                self._files_made += 1
                name = f"{self._files_made:08d}{_SUFFIX}"
                segment.checksum = write(segment, introduced, self._folder / name)
                segment.file = name
        described = [
            {"file": s.file, "checksum": s.checksum, "removed": np.flatnonzero(~s.live).tolist()}
            for s in self._segments
        ]
        content = {**header, "files_made": self._files_made, "segments": described}
        write_json(self._folder / self.manifest, content)
        self._sweep()

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


class Vocabulary(dict[str, int]):
    """Every term's number; a term not met before gets the next one."""

    def __missing__(self, term: str) -> int:
        self[term] = number = len(self)
        return number
