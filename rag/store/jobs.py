"""The jobs of a library as rows: what each did, also after the process that ran it has ended."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.exc import OperationalError

from rag.errors import StorageError
from rag.store.schema import metadata

log = logging.getLogger(__name__)

JobEnd = Literal["running", "done", "failed", "stopped", "interrupted"]
KEPT = 100  # jobs
SILENT_SECONDS = 60.0  # without a sign of its process, a job of a shared library is interrupted

table = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("what", Text, nullable=False),
    Column("unit", String, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("error", Text, nullable=False),
    Column("started", Float, nullable=False),
    Column("ended", Float),
    Column("arguments", JSON),
    Column("process", String, nullable=False, server_default=""),
    Column("seen", Float),
    Column("account", String, nullable=False, server_default=""),
    Column("collections", JSON),
    Column("result", Text),
    Index("jobs_by_start", "started"),
)


@dataclass(frozen=True, slots=True)
class LoggedJob:
    """A job as it was last written down; ``ended`` is None while it runs.

    ``arguments`` are what it was started with, as JSON's own types, if it can be started again.
    ``account`` is whose it is, empty for the owner's; ``collections`` are those that it saw then.
    """

    id: str
    kind: str
    what: str
    unit: str
    done: int
    total: int
    state: JobEnd
    error: str
    started: datetime
    ended: datetime | None = None
    arguments: Mapping[str, Any] | None = None
    account: str = ""
    collections: tuple[int, ...] = ()
    has_result: bool = False


class JobLog:
    """The last `KEPT` jobs of one library, in its database.

    One process has a library in a folder open, so a job that runs in a log that is opened is one
    that the end of an earlier process interrupted. A database (``shared``) has jobs of several
    processes: one is interrupted once its process gives no sign of life, and what that process
    writes about it later is refused. A full disk costs a note, never the job.
    """

    def __init__(self, engine: Engine, shared: bool | None = None) -> None:
        self._engine = engine
        self._process = secrets.token_hex(8)
        self.shared = engine.dialect.name != "sqlite" if shared is None else shared
        if self.shared:
            self._interrupt_silent()
        else:
            self.interrupt()

    def begin(
        self, job_id: str, kind: str, what: str, unit: str,
        arguments: Mapping[str, Any] | None = None, account: str = "",
        collections: Collection[int] = (),
    ) -> None:  # fmt: skip
        """Write down a job that starts."""
        row = {"id": job_id, "kind": kind, "what": what, "unit": unit, "done": 0, "total": 0}
        row |= {"account": account, "collections": list(collections)}
        newest = select(table.c.id).order_by(table.c.started.desc()).limit(KEPT)
        with self._noted() as engine, engine.begin() as db:
            state = {"state": "running", "error": "", "started": self._now, "seen": self._now}
            state |= {"arguments": arguments, "process": self._process}
            db.execute(insert(table).values(row | state))
            db.execute(delete(table).where(table.c.id.not_in(newest)))

    def note(self, job_id: str, done: int, total: int, unit: str) -> JobEnd:
        """Write down how far this process's job is; returns the state that it has now."""
        return self._change(job_id, "running", done=done, total=total, unit=unit, seen=self._now)

    def see(self, job_id: str) -> JobEnd:
        """Write down that this process's job is still at work; returns the state it has now."""
        return self._change(job_id, "running", seen=self._now)

    def end(self, job_id: str, state: JobEnd, error: str = "", result: str = "") -> JobEnd:
        """Write down how this process's job ended and what it came to, as JSON.

        Returns the state that it has now: another one if it was stopped or given up before.
        """
        return self._change(job_id, state, error=error, ended=self._now, result=result or None)

    def hold(self, db: Connection, job_id: str) -> JobEnd:
        """Keep others from changing this process's job until the transaction ends.

        Returns the state that it has now; "interrupted" if it was given up before.
        """
        return self._changed(db, job_id, "running", seen=self._now)

    def stop(self, job_id: str) -> None:
        """Write down that a job is to end, whose ever it is: its process looks at `see`."""
        this = (table.c.id == job_id) & (table.c.state == "running")
        with self._noted() as engine, engine.begin() as db:
            db.execute(update(table).where(this).values(state="stopped", ended=self._now))

    def result(self, job_id: str) -> str | None:
        """Return what a job came to, as JSON; None if that is not kept."""
        with self._engine.connect() as db:
            return db.scalar(select(table.c.result).where(table.c.id == job_id))

    def interrupt(self) -> None:
        """Mark what runs in this process, or has run in one before, as interrupted."""
        self._interrupt(table.c.process == self._process if self.shared else true())

    def _interrupt_silent(self) -> None:
        seen = func.coalesce(table.c.seen, table.c.started)
        self._interrupt(seen < self._now - SILENT_SECONDS)

    def _interrupt(self, which: ColumnElement[bool]) -> None:
        running = (table.c.state == "running") & which
        with self._engine.connect() as db:
            if db.execute(select(table.c.id).where(running).limit(1)).first() is None:
                return
        with self._noted() as engine, engine.begin() as db:
            # A row that is locked is of a job that publishes (`hold`): not for others to wait for.
            free = db.scalars(select(table.c.id).where(running).with_for_update(skip_locked=True))
            these = running & table.c.id.in_(free.all())
            db.execute(update(table).where(these).values(state="interrupted"))

    def all(self) -> list[LoggedJob]:
        """Return the jobs that are kept, oldest first."""
        if self.shared:
            self._interrupt_silent()
        with self._engine.connect() as db:
            return [_job(row) for row in db.execute(_DESCRIBED.order_by(table.c.started))]

    @property
    def _now(self) -> Any:
        """The time: a database's own, since the clocks of its hosts may differ."""
        if self._engine.dialect.name == "sqlite":
            return time.time()
        return func.extract("epoch", func.clock_timestamp())

    def _change(self, job_id: str, state: JobEnd, **values: object) -> JobEnd:
        """Change a job that runs in this process; returns the state that it has then.

        One that has ended, was stopped or was given up stays so.
        """
        with self._noted() as engine, engine.begin() as db:
            return self._changed(db, job_id, state, **values)
        return state  # what could not be written down stops nothing

    def _changed(self, db: Connection, job_id: str, state: JobEnd, **values: object) -> JobEnd:
        this = table.c.id == job_id
        mine = this & (table.c.state == "running") & (table.c.process == self._process)
        if db.execute(update(table).where(mine).values(state=state, **values)).rowcount:
            return state
        return db.scalar(select(table.c.state).where(this)) or state

    @contextmanager
    def _noted(self) -> Iterator[Engine]:
        try:
            yield self._engine
        except (StorageError, OperationalError) as error:
            log.warning("a job could not be written down: %s", error)


_OWN = ("id", "kind", "what", "unit", "done", "total", "state", "error", "account", "arguments")
_DESCRIBED = select(
    *(table.c[name] for name in (*_OWN, "started", "ended", "collections")),
    table.c.result.is_not(None).label("has_result"),
)  # results themselves may be large


def _job(row: Row[*tuple[Any, ...]]) -> LoggedJob:
    started, ended = (
        None if at is None else datetime.fromtimestamp(at, UTC) for at in (row.started, row.ended)
    )
    assert started  # noqa: S101 - the column is not null
    own = {name: getattr(row, name) for name in _OWN}
    return LoggedJob(
        **own, started=started, ended=ended, collections=tuple(row.collections or ()),
        has_result=bool(row.has_result),
    )  # fmt: skip
