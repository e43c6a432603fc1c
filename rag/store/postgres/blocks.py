"""BM25's postings as rows of ``bytea``: written with their document, merged like segments.

A block has a vocabulary of its own, so that transactions that write blocks at the same time have
nothing in common. A row of a block counts while its document is ready.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, text

from rag.store.inverted import Vocabulary
from rag.store.postgres.tables import MERGING, bm25_blocks, patient
from rag.store.schema import documents
from rag.store.segment import (
    Ints,
    Segment,
    build,
    dumped,
    loaded,
    merge,
    renumbered,
    should_join,
    showing,
)

table = bm25_blocks
Whole = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PostingBlock:
    """Postings whose term ``i`` is ``words[i]``, of ``counts`` (d,) rows of ``documents`` (d,)."""

    segment: Segment
    words: Sequence[str]
    documents: Ints
    counts: Ints

    def live(self, ready: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which rows are of documents that are ``ready``: (rows,)."""
        return np.repeat(np.isin(self.documents, ready), self.counts)


def block_of(document_id: int, terms_of: Mapping[str, Sequence[str]]) -> PostingBlock:
    """Make the block of a document's chunks: id → terms, in reading order."""
    numbers = Vocabulary()
    tokens = array("i")
    for terms in terms_of.values():
        tokens.extend(map(numbers.__getitem__, terms))
    lengths = [len(terms) for terms in terms_of.values()]
    numbered = np.frombuffer(tokens, np.int32)
    segment = build(list(terms_of), lengths, numbered, len(numbers))
    return PostingBlock(segment, list(numbers), np.array([document_id]), np.array([len(terms_of)]))


def joined(blocks: Sequence[PostingBlock], ready: NDArray[np.int64]) -> PostingBlock:
    """Join blocks in their order, without the rows and words of documents that are not ready."""
    numbers = Vocabulary()
    segments = []
    for block in blocks:
        common = np.array([numbers[word] for word in block.words], np.int64)
        segments.append(showing(renumbered(block.segment, common), block.live(ready)))
    segment = merge(segments)
    known = list(numbers)
    words = [known[term] for term in segment.terms]
    segment.terms = np.arange(len(words), dtype=np.int32)
    own = np.concatenate([block.documents for block in blocks])
    counts = np.concatenate([block.counts for block in blocks])
    kept = np.isin(own, ready)
    return PostingBlock(segment, words, own[kept], counts[kept])


def put(db: Connection, block: PostingBlock, place: int | None = None) -> None:
    """Insert a block, at the end or at a ``place``."""
    key = db.execute(text("SELECT nextval('bm25_blocks_id_seq')")).scalar_one()
    row = {
        "id": key,
        "place": key if place is None else place,
        "chunks": len(block.segment.ids),
        "documents": block.documents.tolist(),
        "counts": block.counts.tolist(),
        "data": dumped(block.segment, block.words),
    }
    db.execute(insert(table).values(row))


def get(db: Connection, key: int) -> PostingBlock:
    """Read a block."""
    row = db.execute(select(table).where(table.c.id == key)).one()
    segment, words = loaded(row.data)
    return PostingBlock(segment, words, np.array(row.documents), np.array(row.counts))


def ready_documents(db: Connection) -> NDArray[np.int64]:
    """Return the numbers of the documents that can be searched."""
    query = select(documents.c.id).where(documents.c.status == "ready")
    return np.array(list(db.scalars(query)), np.int64)


def merge_due(engine: Engine) -> None:
    """Merge neighbours until each is more than twice as large as the next, or they are large.

    Only one process merges at a time; another one leaves it to that or to the next publisher.
    """
    with engine.begin() as db:
        patient(db)
        if db.scalar(select(func.pg_try_advisory_xact_lock(MERGING))):
            due = [group for group in _groups(_listed(db)) if len(group) > 1]
            if due:
                ready = ready_documents(db)
                for group in due:
                    _join(db, group, ready)


def forget_removed(engine: Engine) -> None:
    """Write the blocks anew that hold rows of documents that are not ready any more."""
    with engine.begin() as db:
        patient(db)
        db.execute(select(func.pg_advisory_xact_lock(MERGING)))
        rows = _listed(db)  # first: the document of a listed block is ready or removed
        ready = ready_documents(db)
        for row in rows:
            if not np.isin(np.array(row.documents), ready).all():
                _join(db, [row], ready)


def _listed(db: Connection) -> list[Row[tuple[int, ...]]]:
    columns = (table.c.id, table.c.place, table.c.chunks, table.c.documents)
    return list(db.execute(select(*columns).order_by(table.c.place, table.c.id)))


def _groups(rows: Sequence[Row[tuple[int, ...]]]) -> list[list[Row[tuple[int, ...]]]]:
    """Return which neighbours are to be one block, by the rule of segments."""
    kept: list[list[Row[tuple[int, ...]]]] = []
    for row in rows:
        kept.append([row])
        while len(kept) > 1 and should_join(_size(kept[-2]), _size(kept[-1])):
            kept[-2:] = [kept[-2] + kept[-1]]
    return kept


def _size(group: Sequence[Row[tuple[int, ...]]]) -> int:
    return sum(row.chunks for row in group)


def _join(db: Connection, group: Sequence[Row[tuple[int, ...]]], ready: NDArray[np.int64]) -> None:
    block = joined([get(db, row.id) for row in group], ready)
    db.execute(delete(table).where(table.c.id.in_([row.id for row in group])))
    if block.segment.ids:
        put(db, block, group[0].place)
