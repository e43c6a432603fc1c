"""Folders to evaluate on: BEIR's layout, or documents with questions and answer spans.

`read` finds which it is, `prepare.fill` indexes it in a library of its own, and
`prepare.grades_for` finds which of its items are relevant.
"""

from __future__ import annotations

from pathlib import Path

from ingest.datasets import beir, spans
from ingest.datasets.base import Dataset
from rag.errors import RanklensError
from rag.evaluate.lines import MOST_MB


def read(folder: Path, most: int = MOST_MB) -> Dataset:
    """Read a folder, each of whose files may unpack to ``most`` MB.

    Raises `RanklensError` that names every faulty row, or what was looked for.
    """
    folder = folder.expanduser().resolve()
    if not folder.is_dir():
        raise RanklensError(f"{folder} is not a folder")
    if beir.find(folder, "corpus.jsonl"):
        return beir.read(folder, most)
    if spans.questions_file(folder):
        return spans.read(folder, most)
    raise RanklensError(
        f"{folder} holds neither corpus.jsonl, queries.jsonl and qrels (BEIR's layout) nor "
        "documents with questions.csv or questions.jsonl; docs/evaluation.md shows both"
    )
