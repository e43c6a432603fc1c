"""Whether an index is whole: counts, ids and a sample of exact searches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.store.catalogue import Catalogue
from rag.store.lexical import LexicalIndex
from rag.store.vectors import ChromaStore
from rag.text.plural import plural

SAMPLE = 25
LEAST_RECALL = 0.95
OnChecked = Callable[[int, int], None]
"""Called with (how many are done, how many in all)."""


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What `verify` found. ``recall`` is Chroma's share of the exact top 10 over sampled chunks."""

    chunks: int
    vectors: int
    lexical: int
    recall: float | None
    problems: tuple[str, ...]


def verify(
    catalogue: Catalogue,
    vectors: ChromaStore,
    lexical: LexicalIndex,
    on_progress: OnChecked | None = None,
) -> IndexReport:
    """Compare vectors and BM25 with the catalogue; changes nothing.

    ``on_progress`` counts sampled searches. What it raises ends the work.
    """
    live = catalogue.live_ids()
    problems = [p for p in (catalogue.problem(),) if p]
    held = vectors.ids()
    problems += differences(live, {"Chroma": held, "the BM25 index": lexical.ids()})
    recall = _sampled_recall(catalogue, vectors, on_progress) if live else None
    if recall is not None and recall < LEAST_RECALL:
        problems.append(f"Chroma finds {recall:.0%} of the exact nearest chunks")
    return IndexReport(len(live), vectors.count(), len(lexical.ids()), recall, tuple(problems))


def differences(live: set[str], held: Mapping[str, set[str]]) -> list[str]:
    """Return in words what each index, by name, lacks of the live chunks or holds besides."""
    problems = []
    for name, ids in held.items():
        if live - ids:
            problems.append(f"{name} lacks {len(live - ids)} of {plural(len(live), 'chunk')}")
        if ids - live:
            strange = plural(len(ids - live), "chunk that is", "chunks that are")
            problems.append(f"{name} holds {strange} not live")
    return problems


def _sampled_recall(
    catalogue: Catalogue, vectors: ChromaStore, on_progress: OnChecked | None
) -> float:
    ids: list[str] = []
    parts: list[NDArray[np.float32]] = []
    for chunks, rows in catalogue.live_chunks():
        ids += [c.id for c in chunks]
        parts.append(rows)
    matrix = np.concatenate(parts)
    k = min(10, len(ids))
    sample = np.random.default_rng(0).choice(len(ids), min(SAMPLE, len(ids)), replace=False)
    found = 0
    for done, row in enumerate(sample):
        if on_progress:
            on_progress(done, len(sample))
        cosines = matrix @ matrix[row]
        kth = np.partition(cosines, -k)[-k]
        # Chunks of equal text have equal cosines: any of them is a right answer.
        near = {ids[i]: cosines[i] for i in np.flatnonzero(cosines >= kth - 1e-5)}
        answer = vectors.search(matrix[row], k)
        found += sum(n in near and abs(score - near[n]) < 1e-3 for n, score in answer)
    return found / (k * len(sample))
