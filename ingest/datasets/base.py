"""What a dataset is, and how its faulty rows are reported."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from rag.errors import RanklensError
from rag.evaluate.data import Grades, Question, Unit
from rag.evaluate.faults import raise_faults
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


T = TypeVar("T", CorpusRow, Question)


class Faults:
    """Collects what is wrong with a file, row by row, so that all of it is reported at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: list[str] = []

    def add(self, line: int, what: str) -> None:
        """Note a fault of a line (from 1)."""
        self._found.append(f"line {line}: {what}")

    def check(self) -> None:
        """Raise `RanklensError` if there was any fault."""
        raise_faults(str(self.path), self._found)


def by_id(found: Iterable[tuple[int, T]], faults: Faults, what: str) -> dict[str, T]:
    """Return (line, item) by the item's id; raises `RanklensError` on any fault.

    An id that comes twice is a fault.
    """
    kept: dict[str, T] = {}
    for line, item in found:
        if item.id in kept:
            faults.add(line, f"{what} {item.id!r} comes twice")
        kept.setdefault(item.id, item)
    faults.check()
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


def json_rows(path: Path, faults: Faults) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, object) of a JSON Lines file; other lines are faults."""
    for line, text in enumerate(read_text(path).split("\n"), 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except ValueError as error:
            faults.add(line, f"not JSON ({error})")
            continue
        if isinstance(row, dict):
            yield line, row
        else:
            faults.add(line, "not a JSON object")
