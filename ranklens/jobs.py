"""Long work in the background: progress, stop, errors in plain words.

A job goes on when the page that started it is left. A library runs one job at a time: two would
spoil each other's times.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rag.errors import RanklensError

log = logging.getLogger(__name__)

Work = Callable[["Job"], Any]
UNEXPECTED = "Unexpected error. Details are in the server log; start it again."


@dataclass(slots=True)
class Job:
    """Work in a thread of its own; ``result`` or ``error`` is there once it no longer runs.

    ``unit`` is what ``done`` and ``total`` count; ``id`` is for those who ask from outside.
    ``replayed`` is set when the result came from a file, and stays as it was saved.
    """

    work: Work
    what: str
    unit: str = "questions"
    done: int = 0
    total: int = 0
    result: Any = None
    error: str = ""
    replayed: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    kind: str = ""
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    @classmethod
    def done_with(
        cls, what: str, result: Any = None, *, error: str = "", replayed: bool = False
    ) -> Job:
        """Return a job that is done already: its result was there."""
        return cls(lambda _job: result, what, result=result, error=error, replayed=replayed)

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self.thread is not None and self.thread.is_alive()

    def start(self) -> Job:
        """Begin."""
        self.thread = threading.Thread(target=self._run, name="job", daemon=True)
        self.thread.start()
        return self

    def advance(self, done: int, total: int, unit: str = "") -> None:
        """Note how far it is, and what is counted if that has changed."""
        self.done, self.total, self.unit = done, total, unit or self.unit

    def _run(self) -> None:
        try:
            self.result = self.work(self)
        except RanklensError as error:
            self.error = str(error)
        except Exception:  # the thread's outermost frame: else the page waits for a result
            log.exception("the work on %r failed", self.what)
            self.error = UNEXPECTED


class Jobs:
    """The last job of each kind of one library."""

    def __init__(self) -> None:
        self._last: dict[str, Job] = {}
        self._lock = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether one of them is running."""
        return any(job.running for job in self._last.values())

    def start(self, kind: str, what: str, work: Work, unit: str = "questions") -> Job | None:
        """Start a job; None when one of the library's is running."""
        with self._lock:
            if self.busy:
                return None
            self._last[kind] = Job(work, what, unit, kind=kind).start()
            return self._last[kind]

    def last(self, kind: str) -> Job | None:
        """Return the kind's running or last job."""
        return self._last.get(kind)

    def keep(self, kind: str, job: Job) -> None:
        """Put a finished job in place of the kind's last one."""
        with self._lock:
            if self.busy:
                raise RanklensError("an evaluation is running; wait for it, or stop it")
            job.kind = kind
            self._last[kind] = job

    def all(self) -> list[Job]:
        """Return the running or last job of each kind."""
        return list(self._last.values())

    def by_id(self, job_id: str) -> Job | None:
        """Return the job of that id, None if it is not the last of its kind any more."""
        return next((job for job in self.all() if job.id == job_id), None)

    def close(self) -> None:
        """Ask every running job to stop."""
        for job in self._last.values():
            job.stop.set()
