"""What a dataset is, and how the rows of its files are read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from rag.errors import RanklensError
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
    path: Path, rows: Iterable[tuple[int, R]], read: Callable[[R], T], what: str
) -> dict[str, T]:
    """Return what ``read`` makes of each (line, row) by its id; an id that comes twice is a fault.

    Raises `RanklensError` that names every fault.
    """
    kept: dict[str, T] = {}

    def add(row: R) -> None:
        item = read(row)
        if kept.setdefault(item.id, item) is not item:
            raise ValueError(f"{what} {item.id!r} comes twice")

    read_rows(str(path), rows, add)
    return kept


def read_text(path: Path) -> str:
    """Return a UTF-8 file's text, gzipped or not; raises `RanklensError`."""
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise RanklensError(f"{path} cannot be read: {error}") from None
    return decoded(data, str(path))


def decoded(data: bytes, name: str) -> str:
    """Return the text of a file's bytes; raises `RanklensError` if they are not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RanklensError(
            f"{name} is not UTF-8 text (line {line}); save it as UTF-8, which spreadsheets call "
            "“CSV UTF-8”, and import it again"
        ) from None


def filled_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of a file's lines that are not blank; raises `RanklensError`."""
    lines = enumerate(read_text(path).split("\n"), 1)
    return ((line, text) for line, text in lines if text.strip())


def json_object(text: str) -> dict[str, Any]:
    """Return the object of a line of JSON Lines; raises `ValueError` for anything else."""
    try:
        row = json.loads(text)
    except ValueError as error:
        raise ValueError(f"not JSON ({error})") from None
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    return row
