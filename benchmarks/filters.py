"""Questions within chosen documents beside questions to all: ``python -m benchmarks.filters``.

Made-up chunks (words by Zipf's law, random unit vectors) in documents of 100, in a real catalogue,
the inverted index and, with ``--chroma``, a real Chroma. Shares of the library from one document
to all of it; the first question also reads the vectors.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.lexical import Spaces, Texts, milliseconds
from rag.models.workers import workers
from rag.retrieve.filters import Filter
from rag.retrieve.first_stage import FirstStage
from rag.settings import Settings
from rag.store.catalogue import Catalogue
from rag.store.index import Index
from rag.store.inverted import InvertedIndex
from rag.store.vectors import ChromaStore
from rag.types import Chunk

A_DOCUMENT = 100
DIMENSION = 384
SETTINGS = Settings(pool=50)
SMALL, HALF, MOST = "one in a hundred", "half", "all but one"
RANDOM = np.random.default_rng(0)


class Nowhere:
    """Takes the place of Chroma if it is not asked for: keeps nothing."""

    def add(self, *_: object) -> None:
        """Keep nothing."""

    remove = add

    def close(self) -> None:
        """Do nothing."""


def unit(*shape: int) -> np.ndarray:
    """Return random unit vectors."""
    rows = RANDOM.standard_normal(shape).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def fill(index: Index, count: int) -> None:
    """Add ``count`` chunks, document by document."""
    texts = iter(Texts().chunks(count))
    for number in range(count // A_DOCUMENT):
        name = f"document {number}.{'pdf' if number % 2 else 'md'}"
        document = index.catalogue.add_document(name, 1, name)
        index.catalogue.update_document(document, status="indexing")
        chunks = [Chunk(f"{number:016}{i:016}", name, 0, 1, next(texts)) for i in range(A_DOCUMENT)]
        index.add(document, 0, chunks, unit(A_DOCUMENT, DIMENSION))
        index.publish(document, 0.0)


def filters(documents: int) -> Iterator[tuple[str, Filter]]:
    """Yield filters from one document to all of them."""
    for share in (1 / documents, 0.01, 0.1):
        count = max(1, round(share * documents))
        names = tuple(f"document {n}.{'pdf' if n % 2 else 'md'}" for n in range(count))
        yield f"{count:,} documents by name", Filter(names)
    yield "every second document by type", Filter(types=("pdf",))
    yield "all documents by type", Filter(types=("pdf", "md"))
    for name in (SMALL, HALF, MOST):
        yield f"the collection of {name}", Filter(collection=name)


def make_collections(index: Index, documents: int) -> None:
    """Make collections of a hundredth, of half, and of all documents but one."""
    names = [document.name for document in index.catalogue.ready()]
    counts = {SMALL: max(1, documents // 100), HALF: documents // 2, MOST: documents - 1}
    for name, count in counts.items():
        index.collections.make(name)
        index.collections.put(name, names[:count])


def one(index: Index, asked: Filter, question: str, threads: Executor) -> dict[str, float]:
    """Return the times of one question's parts."""
    vector = unit(DIMENSION)
    made: list[FirstStage] = []
    return {
        "filter": milliseconds(lambda: made.append(first_stage(index, threads, asked))),
        "dense": milliseconds(lambda: made[0].dense(lambda: vector)),
        "words": milliseconds(lambda: made[0].lexical(question)),
    }


def first_stage(index: Index, threads: Executor, asked: Filter) -> FirstStage:
    """Return a first stage without an encoder: the vectors are given."""
    return FirstStage(index, SETTINGS, threads, lambda _texts: 1.0, asked)


def timed(index: Index, asked: Filter, questions: list[str], threads: Executor) -> str:
    """Return the times of one filter: the first question, then medians of each part."""
    parts: dict[str, list[float]] = {"filter": [], "dense": [], "words": []}
    first = 0.0
    for number, question in enumerate(["w1 w2 w3", *questions]):
        times = one(index, asked, question, threads)
        if number == 0:
            first = sum(times.values())
            continue
        for name, value in times.items():
            parts[name].append(value)
    return f"{first:9.1f}" + "".join(f"{statistics.median(p):9.2f}" for p in parts.values())


def main() -> None:
    """Fill a library and time each filter."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=20_000)
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--chroma", action="store_true", help="fill Chroma too, to compare")
    given = parser.parse_args()
    workers()  # numpy on one thread, as in the application
    texts = Texts()
    questions = [texts.question() for _ in range(given.questions)]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as threads:
        root = Path(folder)
        vectors: ChromaStore = ChromaStore.embedded(root) if given.chroma else Nowhere()  # type: ignore[assignment]
        lexical = InvertedIndex.open(root / "lexical", Spaces())
        index = Index(Catalogue(root / "catalogue.sqlite"), vectors, lexical)
        fill(index, given.chunks)
        make_collections(index, given.chunks // A_DOCUMENT)
        print(f"{given.chunks:,} chunks; milliseconds: the first question, then medians")
        print(f"{'within':32}{'first':>9}{'filter':>9}{'dense':>9}{'BM25':>9}")
        for name, asked in filters(given.chunks // A_DOCUMENT):
            print(f"{name:32}{timed(index, asked, questions, threads)}")
        if given.chroma:
            print(f"{'everything, by Chroma':32}{timed(index, Filter(), questions, threads)}")
        print(f"vectors in memory: {index.exact.bytes / 1e6:,.0f} MB", file=sys.stderr)
        index.close()


if __name__ == "__main__":
    main()
