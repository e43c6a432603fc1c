"""Files of a folder that are no documents: its question set, and what describes that."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection
from typing import BinaryIO

from ingest.datasets.spans import NAMES, NO_DOCUMENTS
from rag.evaluate.lines import json_object

_HEAD = 1 << 20  # bytes that the first row is looked for in
_COLUMNS = ({"question", "document", "quote"}, {"question", "corpus_id", "references"})
_QUESTIONS = (
    "is a question set; `ranklens questions` with this file imports it. "
    "To search it as a document, add it by its name"
)
_DESCRIBES = "describes the question set beside it; to search it as a document, add it by its name"


def set_aside(names: Collection[str], opened: Callable[[str], BinaryIO]) -> dict[str, str]:
    """Return which of a folder's files are no documents, each with why.

    A file of questions with quotes is none, and neither is a readme or a licence beside it.
    ``opened`` opens one of the files; an `OSError` means that it cannot be read.
    """
    sets = [name for name in NAMES if name in names and _holds_quotes(name, opened)]
    if not sets:
        return {}
    described = [name for name in names if name.lower() in NO_DOCUMENTS]
    return dict.fromkeys(described, _DESCRIBES) | dict.fromkeys(sets, _QUESTIONS)


def _holds_quotes(name: str, opened: Callable[[str], BinaryIO]) -> bool:
    """Return whether the first row is a question with its quotes; one without may be of a FAQ."""
    try:
        with opened(name) as file:
            head = file.read(_HEAD).decode("utf-8-sig", "replace").lstrip()
    except OSError:
        return False
    row = head.partition("\n")[0]
    if name.endswith(".csv"):
        return _names_quotes(row)
    try:
        return {"question", "gold"} <= json_object(row).keys()
    except ValueError:
        return False


def _names_quotes(row: str) -> bool:
    try:
        columns = set(next(csv.reader([row]), ()))
    except csv.Error:
        return False
    return any(columns >= needed for needed in _COLUMNS)
