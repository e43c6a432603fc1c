"""Evaluations that a library keeps: a row each, and the rankings in a file beside the catalogue.

The row has what a list and a trend show, as it was when it was measured. Rankings are files, since
every removal of a document may write the catalogue anew.
"""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, Engine, Float, String, Table, delete, insert, select, update

from rag.errors import NotThere
from rag.evaluate.data import Evaluation
from rag.evaluate.experiments import saved
from rag.settings import Settings
from rag.store import fence
from rag.store.files.choice import copies_of, files_of
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

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._files = files_of(settings)
        self._copies = copies_of(settings, self._files)
        self._before = settings.library / FOLDER  # of hosts with a common folder

    def add(self, evaluation: Evaluation, record: EvaluationRecord) -> EvaluationRecord:
        """Keep an evaluation; return its record with the id. Raises OSError if the disk is full.

        The file comes first: a row always has its rankings.
        """
        kept = replace(record, id=secrets.token_hex(4))
        with tempfile.TemporaryDirectory() as aside:
            path = Path(aside) / f"{kept.id}.json.gz"
            saved.save(evaluation, path)
            self._files.put(_key(kept.id), path)
        with self._engine.begin() as db:
            fence.check(db)
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
        found = self.record(key).id
        return saved.opened(f"{found}.json.gz", self.path(found).read_bytes())

    def path(self, key: str) -> Path:
        """Return a file with an id's rankings, fetched if it is kept elsewhere.

        Raises `NotThere` if it is gone.
        """
        before = self._before / f"{key}.json.gz"
        if before.is_file():
            return before
        if self._files.place(_key(key)):
            raise NotThere(f"the rankings of the evaluation {key!r} are gone: measure again")
        where = hashlib.sha256(f"{self._files.where} {key}".encode()).hexdigest()
        try:
            return self._copies.path(_key(key), where)
        except NotThere:
            raise NotThere(
                f"the rankings of the evaluation {key!r} are gone: measure again"
            ) from None

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
        (self._before / f"{found.id}.json.gz").unlink(missing_ok=True)
        self._files.delete(_key(found.id))


def _key(key: str) -> str:
    return f"{FOLDER}/{key}.json.gz"


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
