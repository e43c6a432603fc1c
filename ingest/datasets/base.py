"""What a dataset is, and how the rows of its files are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from rag.evaluate.data import Grades, Question, Unit
from rag.evaluate.faults import read_rows
from rag.evaluate.judgements.record import HIGHEST


@dataclass(frozen=True, slots=True)
class CorpusRow:
    """A document that is a row of a file."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Gold:
    """A quote that answers a question; ``start`` is where it stands in the document's source.

    Without a quote it is the document as a whole that does. ``grade``: what answers has the highest
    unless the file has another. ``line`` of the file it came from, 0 if that is not known.
    """

    question: str
    document: str
    quote: str
    start: int = 0
    grade: int = HIGHEST
    line: int = 0


@dataclass(frozen=True, slots=True)
class Dataset:
    """Questions over documents: rows judged whole (``qrels``), or files judged by ``golds``."""

    name: str
    questions: tuple[Question, ...]
    rows: tuple[CorpusRow, ...] = ()
    qrels: Grades | None = None
    files: tuple[Path, ...] = ()
    golds: tuple[Gold, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def unit(self) -> Unit:
        """What is judged."""
        return "passage" if self.qrels is None else "document"

    def limited(self, limit: int | None) -> Dataset:
        """Return the dataset with its first questions only; the documents stay."""
        return self if limit is None else replace(self, questions=self.questions[:limit])


R = TypeVar("R")
T = TypeVar("T", CorpusRow, Question)


def read_items(
    path: Path,
    rows: Iterable[tuple[int, R]],
    read: Callable[[R], T],
    what: str,
    before: Mapping[str, T] | None = None,
) -> dict[str, T]:
    """Return what ``read`` makes of each (line, row) by its id; an id that comes twice is a fault.

    ``before`` are those of other files. Raises `RanklensError` that names every fault.
    """
    kept: dict[str, T] = {}
    others = before or {}

    def add(row: R) -> None:
        item = read(row)
        if item.id in others or kept.setdefault(item.id, item) is not item:
            raise ValueError(f"{what} {item.id!r} comes twice")

    read_rows(str(path), rows, add)
    return kept
