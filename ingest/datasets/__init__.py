"""Folders to evaluate on: BEIR's layout, or documents with questions and answer spans.

`read` finds which it is, `prepare.fill` indexes it in a library of its own, and
`prepare.grades_for` finds which of its items are relevant.
"""

from __future__ import annotations

from pathlib import Path

from ingest.datasets import beir, irds, spans
from ingest.datasets.base import Dataset
from ingest.datasets.hub import files_of
from rag.errors import RanklensError
from rag.evaluate.lines import MOST_MB


def read_source(source: str, most: int = MOST_MB) -> Dataset:
    """Read a folder as `read` does, or a data set of ir_datasets by ``ir_datasets:ID``."""
    return irds.read(source) if irds.named(source) else read(Path(source), most)


def read(folder: Path, most: int = MOST_MB) -> Dataset:
    """Read a folder, each of whose files may unpack to ``most`` MB.

    Raises `RanklensError` that names every faulty row, or what was looked for.
    """
    folder = folder.expanduser().resolve()
    if not folder.is_dir():
        raise RanklensError(f"{folder} is not a folder")
    if files_of(folder, "corpus"):
        return beir.read(folder, most)
    if spans.questions_file(folder):
        return spans.read(folder, most)
    raise RanklensError(
        f"{folder} holds neither corpus.jsonl, queries.jsonl and qrels (BEIR's layout or parquet) "
        "nor documents with questions.csv or questions.jsonl; docs/evaluation.md shows both"
    )
