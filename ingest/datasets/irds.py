"""Data sets of the package ir_datasets, named by their ids, such as ``ir_datasets:cranfield``.

The package is not one of ours: whoever wants its data sets installs it. It downloads what it needs.
"""

from __future__ import annotations

import importlib
from typing import Any

from ingest.datasets.base import CorpusRow, Dataset
from rag.errors import RanklensError
from rag.evaluate.data import Question

PREFIX = "ir_datasets:"
MOST_DOCUMENTS = 1_000_000


def named(source: str) -> bool:
    """Whether a source is an id of that package."""
    return source.startswith(PREFIX)


def read(source: str) -> Dataset:
    """Read a data set; questions without judgements are left out.

    Raises `RanklensError` if the package or the data set is not there, or lacks a part.
    """
    name = source.removeprefix(PREFIX)
    try:
        package = importlib.import_module("ir_datasets")
    except ImportError:
        raise RanklensError(
            f"{source} needs the package ir_datasets: pip install ir_datasets"
        ) from None
    try:
        held = package.load(name)
        lacking = [
            part for part in ("docs", "queries", "qrels") if not getattr(held, f"has_{part}")()
        ]
        if lacking:
            raise RanklensError(f"{source} has no {' and no '.join(lacking)}")
        if (count := held.docs_count()) and count > MOST_DOCUMENTS:
            raise RanklensError(f"{source} has {count:,} documents, more than {MOST_DOCUMENTS:,}")
        return _dataset(name, held)
    except RanklensError:
        raise
    except KeyError:
        raise RanklensError(f"ir_datasets knows no data set {name!r}") from None
    except Exception as error:  # noqa: BLE001 - another package's downloads and parsers
        raise RanklensError(f"{source} cannot be read by ir_datasets: {error}") from None


def _dataset(name: str, held: Any) -> Dataset:
    rows = tuple(
        CorpusRow(str(one.doc_id), str(getattr(one, "title", "") or "").strip(), _words(one))
        for one in held.docs_iter()
    )
    qrels: dict[str, dict[str, int]] = {}
    for one in held.qrels_iter():
        qrels.setdefault(str(one.query_id), {})[str(one.doc_id)] = int(one.relevance)
    questions = tuple(
        Question(str(one.query_id), _words(one))
        for one in held.queries_iter()
        if str(one.query_id) in qrels
    )
    return Dataset(name.replace("/", "-"), questions, rows=rows, qrels=qrels)


def _words(one: Any) -> str:
    """Return a document's or a query's text: its field, else what the package calls so."""
    text = getattr(one, "text", None)
    return str(one.default_text() if text is None else text).strip()
