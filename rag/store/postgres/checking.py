"""Whether vectors and BM25 are those of the catalogue, and making them again from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, delete, text

from rag.store.analyse import Analyser, AutoAnalyser
from rag.store.catalogue import Catalogue
from rag.store.database import take_time
from rag.store.postgres import blocks, vectors
from rag.store.postgres.blocks import PostingBlock
from rag.store.postgres.tables import bm25_blocks, lock_chunks, patient
from rag.store.postgres.vectors import PostgresVectors
from rag.store.postgres.words import PostgresWords
from rag.store.verifying import LEAST_RECALL, SAMPLE, IndexReport, OnChecked, differences
from rag.types import Chunk

_NEAREST = 10
_BLOCK = 16_384  # chunks of a block that `rebuild` makes
_LIVE_EMBEDDINGS = text(
    "SELECT embeddings.id FROM embeddings JOIN documents ON documents.id = document_id"
    " WHERE status = 'ready'"
)
_SAMPLE = text(
    "SELECT chunks.vector FROM chunks JOIN documents ON documents.id = document_id"
    " WHERE status = 'ready' ORDER BY md5(chunks.id) LIMIT :n"
)


def check(
    catalogue: Catalogue,
    near: PostgresVectors,
    words: PostgresWords,
    on_progress: OnChecked | None = None,
) -> IndexReport:
    """Compare vectors and BM25 with the catalogue; changes nothing.

    ``on_progress`` counts sampled searches. What it raises ends the work.
    """
    live = catalogue.live_ids()
    with catalogue.engine.connect() as db:
        held = set(db.scalars(_LIVE_EMBEDDINGS))
        sample = [np.frombuffer(data, np.float32) for data in db.scalars(_SAMPLE, {"n": SAMPLE})]
    counted = words.ids()
    problems = [p for p in (catalogue.problem(),) if p]
    problems += differences(live, {"pgvector": held, "the BM25 index": counted})
    recall = _recall(near, sample, on_progress) if held and sample else None
    if recall is not None and recall < LEAST_RECALL:
        problems.append(f"pgvector finds {recall:.0%} of the exact nearest chunks")
    return IndexReport(len(live), len(held), len(counted), recall, tuple(problems))


def _recall(
    near: PostgresVectors,
    sample: Sequence[NDArray[np.float32]],
    on_progress: OnChecked | None,
) -> float:
    found = wanted = 0
    for done, vector in enumerate(sample):
        if on_progress:
            on_progress(done, len(sample))
        exact = near.compare(vector, _NEAREST)
        least = exact[-1][1] - 1e-5  # chunks of equal text have equal cosines: any of them is right
        found += sum(cosine >= least for _, cosine in near.near(vector, len(exact)))
        wanted += len(exact)
    return found / wanted


def rebuild(
    catalogue: Catalogue, analyser: Analyser | AutoAnalyser, on_progress: OnChecked | None = None
) -> None:
    """Make vectors and blocks again in one transaction; searches go on with the former ones.

    ``on_progress`` counts chunks.
    """
    with catalogue.changing_documents() as db:
        patient(db)
        lock_chunks(db)
        db.execute(text("DELETE FROM embeddings"))
        db.execute(delete(bm25_blocks))
        _fill(db, catalogue, analyser, on_progress)
        db.execute(text("UPDATE store_version SET version = version + 1"))
    blocks.merge_due(catalogue.engine)
    _reindex(catalogue.engine)


def _fill(
    db: Connection,
    catalogue: Catalogue,
    analyser: Analyser | AutoAnalyser,
    on_progress: OnChecked | None,
) -> None:
    ready = blocks.ready_documents(db)
    waiting: list[PostingBlock] = []
    done, total = 0, sum(document.chunks for document in catalogue.ready())
    for document_id, language, made, rows in _live(catalogue):
        vectors.insert(db, document_id, 0, [chunk.id for chunk in made], rows)
        terms = {chunk.id: analyser.document(chunk.passage, language) for chunk in made}
        waiting.append(blocks.block_of(document_id, terms))
        if sum(len(block.segment.ids) for block in waiting) >= _BLOCK:
            blocks.put(db, blocks.joined(waiting, ready))
            waiting = []
        done += len(made)
        if on_progress:
            on_progress(done, total)
    if waiting:
        blocks.put(db, blocks.joined(waiting, ready))


def _live(
    catalogue: Catalogue,
) -> Iterator[tuple[int, str, list[Chunk], NDArray[np.float32]]]:
    """Yield number, language, chunks and vectors of each document, in the order of adding."""
    for document in sorted(catalogue.documents("ready"), key=lambda document: document.id):
        for document_id, _, rows in catalogue.vectors_of([document.id]):
            yield document_id, document.language, catalogue.chunks_of(document_id), rows


def _reindex(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        take_time(db, session=True)
        db.execute(text("REINDEX TABLE CONCURRENTLY embeddings"))
        db.invalidate()
