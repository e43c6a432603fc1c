"""Long work in the background: progress, stop, errors in plain words.

A job goes on when the page that started it is left. A library runs one job at a time: two would
spoil each other's times. What each did and came to is written down too (`rag.store.jobs`), so that
every process of the library has it, and a job which the end of its process interrupted can be seen.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from rag.errors import DatabaseUnavailable, RanklensError
from rag.evaluate.progress import Interrupted
from rag.store.fence import fenced
from rag.store.jobs import JobEnd, JobLog, LoggedJob

log = logging.getLogger(__name__)

Work = Callable[["Job"], Any]
ResultForm = Callable[[Any], dict[str, Any]]
RESULT_MB = 8.0  # what is larger stays in memory
UNEXPECTED = "Unexpected error. Details are in the server log; start it again."
NOTED_EVERY = 2.0  # seconds between notes of how far a job is
SEEN_EVERY = 5.0  # seconds between signs that it is at work, and looks whether others stop it


@dataclass(slots=True)
class Job:
    """Work in a thread of its own; ``result`` or ``error`` is there once it no longer runs.

    ``unit`` is what ``done`` and ``total`` count; ``id`` is for those who ask from outside.
    ``form`` makes the result JSON's own types, for other programs and processes. ``over`` is how it
    ended, ``owner`` the account that started it. What is known of a job of another process, an
    ``earlier`` one perhaps, is what that has written down. ``arguments`` are what it was started
    with, if it can be started again with them. ``seen`` are the collections that its account saw
    then.
    """

    work: Work
    what: str
    unit: str = "questions"
    done: int = 0
    total: int = 0
    result: Any = None
    error: str = ""
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    kind: str = ""
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    started: datetime | None = None
    ended: datetime | None = None
    over: JobEnd | None = None
    earlier: bool = False
    written: JobLog | None = None
    arguments: Mapping[str, Any] | None = None
    owner: str = ""
    seen: frozenset[int] = frozenset()
    form: ResultForm | None = None
    has_result: bool = False
    _noted: float = 0.0

    @classmethod
    def logged(cls, logged: LoggedJob, written: JobLog | None = None) -> Job:
        """Return a job of another process; the error of an interrupted one is what it did."""
        return cls(
            lambda _job: None, logged.what, logged.unit, logged.done, logged.total,
            error=_why(logged.done, logged.total, logged.unit)
            if logged.state == "interrupted" else logged.error,
            kind=logged.kind, id=logged.id, started=logged.started, ended=logged.ended,
            over=logged.state, earlier=True, written=written, arguments=logged.arguments,
            owner=logged.account, seen=frozenset(logged.collections),
            has_result=logged.has_result,
        )  # fmt: skip

    @property
    def running(self) -> bool:
        """Whether it is still at work, here or in another process of a shared library."""
        return self.elsewhere or (self.thread is not None and self.thread.is_alive())

    @property
    def elsewhere(self) -> bool:
        """Whether it is at work in another process, as far as that has written down."""
        return self.earlier and self.over == "running"

    @property
    def state(self) -> JobEnd:
        """Whether it is at work, or how it ended."""
        if self.running:
            return "running"
        return self.over or ("failed" if self.error else "done")

    def start(self) -> Job:
        """Begin."""
        self.started = datetime.now(UTC)
        if self.written:
            self.written.begin(
                self.id, self.kind, self.what, self.unit, self.arguments, self.owner,
                sorted(self.seen),
            )  # fmt: skip
        self.thread = threading.Thread(target=self._run, name="job", daemon=True)
        self.thread.start()
        return self

    def advance(self, done: int, total: int, unit: str = "") -> None:
        """Note how far it is, and what is counted if that has changed."""
        self.done, self.total, self.unit = done, total, unit or self.unit
        if time.monotonic() - self._noted >= NOTED_EVERY:
            self.note()

    def note(self) -> JobEnd:
        """Write down how far it is, and return its state; it ends if that is another one."""
        self._noted = time.monotonic()
        if not self.written:
            return "running"
        state = self.written.note(self.id, self.done, self.total, self.unit)
        if state != "running":
            self.stop.set()
        return state

    def confirm(self) -> None:
        """Make sure that it is this process's still, before what it found is made ready and kept.

        In a database `_hold` asks once more, in the transaction that keeps it. Raises `Interrupted`
        if it was given up: whoever started it again publishes.
        """
        self._refuse_if_given_up(self.note())

    def _hold(self, db: Connection) -> None:
        if self.written:
            self._refuse_if_given_up(self.written.hold(db, self.id))

    def _refuse_if_given_up(self, state: JobEnd) -> None:
        if state == "interrupted":
            raise Interrupted(_why(self.done, self.total, self.unit))

    def be_seen(self) -> None:
        """Write down now and then that it is at work, until it ends or is stopped elsewhere."""
        while self.thread and self.written:
            self.thread.join(SEEN_EVERY)
            if not self.thread.is_alive():
                return
            if self.written.see(self.id) != "running":
                self.stop.set()

    def end(self) -> None:
        """Let it end at its next step, also in another process, which learns of it soon."""
        if self.elsewhere and self.written:
            self.written.stop(self.id)
            self.over = "stopped"
        elif self.running:
            self.stop.set()

    def outside(self) -> dict[str, Any] | None:
        """Return its result as JSON's own types; None if it has none for other programs."""
        if self.form:
            return self.form(self.result)
        if self.has_result and self.written:
            found: dict[str, Any] | None = json.loads(self.written.result(self.id) or "null")
            return found
        return None

    def _run(self) -> None:
        try:
            with fenced(self._hold):
                self.result = self.work(self)
            found = json.dumps(self.form(self.result)) if self.form else ""
        except RanklensError as error:
            self.error, found = str(error), ""
        except Exception:  # the thread's outermost frame: else the page waits for a result
            log.exception("the work on %r failed", self.what)
            self.error, found = UNEXPECTED, ""
        self.ended = datetime.now(UTC)
        self.over = "failed" if self.error else "done"
        if self.stop.is_set():
            self.over = "stopped"
        if self.written:
            self.note()
            kept = found if len(found) <= RESULT_MB * 1e6 else ""
            self.over = self.written.end(self.id, self.over, self.error, kept)
        if self.over == "interrupted":
            self.result, self.error = None, _why(self.done, self.total, self.unit)
        self.has_result = bool(found and not self.error)


def _why(done: int, total: int, unit: str) -> str:
    did = f"{done:,} of {total:,} {unit}" if total else "nothing"
    return f"the program ended or was cut off while it ran; it had done {did}. Start it again"


class Jobs:
    """The jobs of one library: the last of each kind, and what earlier ones left in the log."""

    def __init__(self, written: JobLog | None = None) -> None:
        self._log = written
        self._last: dict[str, Job] = {}
        self._lock = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether one of them is running."""
        return any(job.running for job in self._last.values())

    def start(
        self, kind: str, what: str, work: Work, unit: str = "questions",
        arguments: Mapping[str, Any] | None = None, form: ResultForm | None = None,
        owner: str = "", seen: frozenset[int] = frozenset(),
    ) -> Job | None:  # fmt: skip
        """Start a job; None when one of the library's is running."""
        with self._lock:
            if self.busy:
                return None
            made = Job(
                work, what, unit, kind=kind, written=self._log, arguments=arguments, owner=owner,
                seen=seen, form=form,
            )  # fmt: skip
            self._last[kind] = made.start()
        if self._log and self._log.shared:
            threading.Thread(target=made.be_seen, name="job seen", daemon=True).start()
        return made

    def last(self, kind: str) -> Job | None:
        """Return the kind's running or last job."""
        return self._last.get(kind)

    def interrupted(self, kind: str) -> Job | None:
        """Return the kind's last job if the end of an earlier process interrupted it."""
        last = next((one for one in reversed(self._written()) if one.kind == kind), None)
        if last is None or last.state != "interrupted" or kind in self._last:
            return None
        return Job.logged(last)

    def keep(self, kind: str, job: Job) -> None:
        """Put a finished job in place of the kind's last one."""
        with self._lock:
            if self.busy:
                raise RanklensError("an evaluation is running; wait for it, or stop it")
            job.kind = kind
            self._last[kind] = job

    def all(self) -> list[Job]:
        """Return the last hundred jobs, those of earlier processes too, oldest first."""
        here = {job.id: job for job in self._last.values()}
        before = [here.get(one.id) or Job.logged(one, self._log) for one in self._written()]
        logged = {job.id for job in before}
        return [*before, *(job for job in here.values() if job.id not in logged)]

    def by_id(self, job_id: str) -> Job | None:
        """Return the job of that id, None if it is not kept."""
        if here := next((job for job in self._last.values() if job.id == job_id), None):
            return here
        logged = next((one for one in self._written() if one.id == job_id), None)
        return Job.logged(logged, self._log) if logged else None

    def close(self, seconds: float = 0.0) -> None:
        """Ask every running job to stop and wait for it; it stays in the log as interrupted.

        So it does if the database is away: every process takes a silent job for interrupted.
        """
        running = [job for job in self._last.values() if job.running]
        try:
            for job in running:
                job.note()
            if self._log:
                self._log.interrupt()  # before they stop, which would be written down instead
        except DatabaseUnavailable as error:
            log.warning("how far jobs are was not written down: %s", error)
        for job in running:
            job.stop.set()
        for job in running:
            if job.thread and seconds:
                job.thread.join(seconds)

    def _written(self) -> list[LoggedJob]:
        return self._log.all() if self._log else []
