"""Evaluations that a library keeps: a row each, and the rankings in a file beside the catalogue.

The row has what a list and a trend show, as it was when it was measured. Rankings are files, since
every removal of a document may write the catalogue anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, Engine, Float, String, Table, delete, insert, select, update

from rag.errors import NotThere
from rag.evaluate.data import Evaluation
from rag.evaluate.experiments import saved
from rag.store.schema import metadata

FOLDER = "measured"
LAST = "last"  # stands for the id of the newest one

table = Table(
    "evaluations",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, index=True),
    Column("collection", String, nullable=False, server_default=""),
    Column("made", Float, nullable=False),
    Column("program", String, nullable=False, server_default=""),
    Column("library", String, nullable=False, server_default=""),
    Column("summary", JSON, nullable=False),
)


@dataclass(frozen=True, slots=True)
class MeasuredPipeline:
    """A pipeline's result: the first metric's mean with its interval, and the median seconds.

    ``settings`` is their digest. None stands for what could not be measured.
    """

    name: str
    label: str
    settings: str
    quality: float | None
    low: float | None
    high: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class EvaluationRecord:
    """A kept evaluation as it was measured.

    ``name`` is the question set's, ``program`` the version of Ranklens, ``library`` names the
    documents by a digest, ``documents`` counts them. ``headline`` is the main comparison's
    sentence, ``kind`` "better", "worse" or "".
    """

    name: str
    made: datetime
    metric: str
    questions: int
    pipelines: tuple[MeasuredPipeline, ...]
    headline: str = ""
    kind: str = ""
    collection: str = ""
    program: str = ""
    library: str = ""
    documents: int = 0
    id: str = ""


class EvaluationStore:
    """The kept evaluations of one library. Safe to use from several threads."""

    def __init__(self, engine: Engine, library: Path) -> None:
        self._engine = engine
        self._folder = library / FOLDER

    def add(self, evaluation: Evaluation, record: EvaluationRecord) -> EvaluationRecord:
        """Keep an evaluation; return its record with the id. Raises OSError if the disk is full.

        The file comes first: a row always has its rankings.
        """
        kept = replace(record, id=secrets.token_hex(4))
        saved.save(evaluation, self.path(kept.id))
        with self._engine.begin() as db:
            db.execute(insert(table).values(**_row(kept)))
        return kept

    def all(self) -> list[EvaluationRecord]:
        """Return every record, the newest first."""
        with self._engine.connect() as db:
            newest = select(table).order_by(table.c.made.desc(), table.c.id)
            return [_record(dict(row)) for row in db.execute(newest).mappings()]

    def record(self, key: str) -> EvaluationRecord:
        """Return one record by its id, or the newest (``last``); raises `NotThere`."""
        held = self.all()
        found = held[:1] if key == LAST else [one for one in held if one.id == key]
        if found:
            return found[0]
        if key == LAST:
            raise NotThere("nothing has been measured in this library yet")
        raise NotThere(f"there is no evaluation {key!r}; `ranklens evaluations` lists them")

    def rankings(self, key: str) -> Evaluation:
        """Return an evaluation with its rankings; raises `RanklensError` if its file is damaged."""
        return saved.load(self.path(self.record(key).id))

    def path(self, key: str) -> Path:
        """Return the file of an id's rankings."""
        return self._folder / f"{key}.json.gz"

    def renamed(self, collection: str, new: str) -> None:
        """Note that a collection has another name, or none if it is gone."""
        of_it = update(table).where(table.c.collection == collection)
        with self._engine.begin() as db:
            db.execute(of_it.values(collection=new))

    def remove(self, key: str) -> None:
        """Delete an evaluation with its rankings; raises `NotThere`."""
        found = self.record(key)
        with self._engine.begin() as db:
            db.execute(delete(table).where(table.c.id == found.id))
        with suppress(FileNotFoundError):
            self.path(found.id).unlink()


def _row(record: EvaluationRecord) -> dict[str, Any]:
    data = asdict(record)
    row = {name: data.pop(name) for name in ("id", "name", "collection", "program", "library")}
    return {**row, "made": data.pop("made").timestamp(), "summary": data}


def _record(row: dict[str, Any]) -> EvaluationRecord:
    summary = dict(row.pop("summary"))
    pipelines = tuple(_pipelines(summary.pop("pipelines")))
    made = datetime.fromtimestamp(row.pop("made"), UTC)
    return EvaluationRecord(**row, **summary, made=made, pipelines=pipelines)


def _pipelines(held: list[dict[str, Any]]) -> Iterator[MeasuredPipeline]:
    return (MeasuredPipeline(**one) for one in held)
