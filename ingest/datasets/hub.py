"""Where a data set's corpus, queries and judgements are: files in BEIR's layout or in the hub's.

The Hugging Face hub keeps each of the three as parquet or JSON Lines, in one file or in several of
a folder; BEIR has JSON Lines and tab-separated qrels. Rows are read alike, whichever it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from ingest.datasets.parquet import json_lines
from rag.evaluate.lines import read_lines

Part = Literal["corpus", "queries", "qrels"]
# The first pattern that files fit is taken; each may have a twin that ends in .gz.
PLACES: dict[Part, tuple[str, ...]] = {
    "corpus": ("corpus.jsonl", "corpus.parquet", "corpus/*.parquet", "corpus/*.jsonl"),
    "queries": ("queries.jsonl", "queries.parquet", "queries/*.parquet", "queries/*.jsonl"),
    "qrels": (
        "qrels/test.tsv", "qrels.tsv", "qrels/dev.tsv", "qrels.parquet", "qrels.jsonl",
        "qrels/test*.parquet", "qrels/test*.jsonl", "qrels/*.parquet", "qrels/*.jsonl",
        "default/test*.parquet", "data/test*.parquet",
    ),
}  # fmt: skip
COLUMNS: dict[Part, tuple[str, ...]] = {
    "corpus": ("_id", "id", "title", "text"),
    "queries": ("_id", "id", "text", "question", "answer", "kind"),
    "qrels": ("query-id", "query_id", "corpus-id", "corpus_id", "score", "relevance"),
}
MOST_FILES = 1_000


def files_of(folder: Path, part: Part) -> list[Path]:
    """Return the files that hold a part of the data set, in order; none if it lacks them."""
    for pattern in PLACES[part]:
        for name in (pattern, f"{pattern}.gz"):
            if found := sorted(p for p in folder.glob(name) if p.is_file())[:MOST_FILES]:
                return found
    return []


def lines_of(path: Path, part: Part, most: int) -> Iterator[str]:
    """Yield a file's lines; a row of a parquet file is a line of JSON.

    ``most``: MB that it may unpack to. Raises `RanklensError`.
    """
    if path.suffix == ".parquet":
        yield from json_lines(path, COLUMNS[part], most)
    else:
        yield from read_lines(path, most)
