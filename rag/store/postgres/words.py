"""BM25 over the blocks of the database, by the same code as the embedded index.

A process keeps the blocks that it has read in memory. When the store's version has grown, it reads
the blocks that are new to it, and which documents are ready; everything is of one moment.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, select

from rag.store.analyse import Analyser, AutoAnalyser
from rag.store.bm25 import Snapshot
from rag.store.inverted import Vocabulary
from rag.store.lexical import Bm25Search
from rag.store.postgres import blocks
from rag.store.postgres.blocks import PostingBlock
from rag.store.postgres.tables import bm25_blocks, read_version, version_of
from rag.store.segment import Ints, Segment, renumbered, showing

_FEW_TERMS = 1_000


@dataclass(slots=True)
class _Kept:
    """A block in memory: the segment as searches see it, and its terms' ``frequencies`` there."""

    block: PostingBlock
    shown: Segment
    frequencies: Ints

    def show(self, ready: NDArray[np.int64]) -> None:
        """Let the rows count whose documents are ready."""
        live = self.block.live(ready)
        if not np.array_equal(live, self.shown.live):
            self.shown = showing(self.block.segment, live)
            self.frequencies = self.shown.frequencies(live)


class PostgresWords(Bm25Search):
    """Searches read a `Snapshot`, compared with the database's version each time."""

    def __init__(self, engine: Engine, analyser: Analyser | AutoAnalyser) -> None:
        super().__init__(analyser)
        self._engine = engine
        self._reading = threading.Lock()
        self._numbers = Vocabulary()
        self._kept: dict[int, _Kept] = {}
        self._present = (-1, Snapshot([], {}, np.zeros(0, np.int64)))

    def ids(self) -> set[str]:
        """Return the ids of all chunks that count."""
        self._scores()
        return {id for kept in list(self._kept.values()) for id in kept.shown.row_of}

    def _scores(self) -> Snapshot:
        # It may be lower too: after a restore, or a failover to a standby that lagged.
        if version_of(self._engine) != self._present[0]:
            with self._reading:
                self._refresh()
        return self._present[1]

    def _refresh(self) -> None:
        with self._engine.connect().execution_options(isolation_level="REPEATABLE READ") as db:
            version = read_version(db)
            if version == self._present[0]:
                return
            ready = blocks.ready_documents(db)
            self._read(db)
        for kept in self._kept.values():
            kept.show(ready)
        frequencies = np.zeros(len(self._numbers), np.int64)
        for kept in self._kept.values():
            frequencies[kept.shown.terms] += kept.frequencies
        segments = [kept.shown for kept in self._kept.values()]
        self._present = version, Snapshot(segments, self._numbers, frequencies)

    def _read(self, db: Connection) -> None:
        """Read the blocks that are not in memory, and let go of those that are not there."""
        order = select(bm25_blocks.c.id).order_by(bm25_blocks.c.place, bm25_blocks.c.id)
        keys = list(db.scalars(order))
        held = {key: self._kept[key] for key in keys if key in self._kept}
        if len(self._numbers) > _FEW_TERMS + 2 * _terms(held):
            held, self._kept, self._numbers = {}, {}, Vocabulary()  # together, if a read fails
        self._kept = {key: held.get(key) or self._adopted(blocks.get(db, key)) for key in keys}

    def _adopted(self, block: PostingBlock) -> _Kept:
        """Give a block's terms the numbers that they have in this process."""
        numbers = np.array([self._numbers[word] for word in block.words], np.int64)
        segment = renumbered(block.segment, numbers)
        held = PostingBlock(segment, (), block.documents, block.counts)
        return _Kept(held, segment, segment.frequencies())


def _terms(held: dict[int, _Kept]) -> int:
    """Return how many terms occur in blocks."""
    if not held:
        return 0
    return len(np.unique(np.concatenate([kept.shown.terms for kept in held.values()])))
