"""A worker: a process that only indexes what anybody queued in a shared library."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from ingest.progress import FileOutcome, IndexingProgress
from rag.errors import RanklensError, SettingsError
from rag.settings import Settings
from ranklens.saved_settings import refresh

if TYPE_CHECKING:
    from ranklens.library import Library

log = logging.getLogger(__name__)

LOOK = 2.0  # seconds between looks at an empty queue
REST = 10.0  # seconds after something that may pass: a full disk, a model server that is away


def refuse_embedded(settings: Settings) -> None:
    """Raise `SettingsError` if a library cannot have workers, with the way out."""
    if not settings.database_url:
        raise SettingsError(
            "a library in a folder belongs to one process, which indexes by itself (`ranklens "
            "run`, `ranklens serve` or `ranklens ingest`). Workers need a library in a database: "
            "set database_url (RANKLENS_DATABASE_URL)"
        )


class Worker:
    """Indexes until it is asked to end: `finish` after what is under way, `stop` after a batch.

    ``report`` gets what became of each document, ``warn`` why the work rests.
    """

    def __init__(
        self,
        library: Library,
        report: Callable[[FileOutcome], object],
        warn: Callable[[str], object],
    ) -> None:
        self._library, self._report, self._warn = library, report, warn
        self._ending = threading.Event()
        self._stop = threading.Event()
        self._seen = 0

    def finish(self, seconds: float) -> None:
        """Begin no further document; what is under way has so many seconds, else it is released."""
        self._library.finish_work()
        self._ending.set()
        ends = threading.Timer(seconds, self.stop)
        ends.daemon = True
        ends.start()

    def stop(self) -> None:
        """End after the present batch; the document is released for another worker."""
        self._ending.set()
        self._stop.set()

    def run(self) -> None:
        """Work until `finish` or `stop`."""
        while not self._ending.is_set():
            self._ending.wait(REST if self._once() else LOOK)

    def _once(self) -> str:
        """Index what waits; return why it came to a halt, if it did."""
        self._seen = 0
        try:
            refresh(self._library)
            if not self._library.is_to_work():
                self._library.sweep_files()
                return ""
            self._library.work(self._reported, self._stop)
            problem = self._library.progress_here().problem
        except (RanklensError, SQLAlchemyError) as error:
            log.exception("the worker's database failed")
            problem = str(error) if isinstance(error, RanklensError) else "the database failed"
        if problem:
            self._warn(problem)
        return problem

    def _reported(self, progress: IndexingProgress) -> None:
        for outcome in progress.outcomes[self._seen :]:
            self._report(outcome)
        self._seen = len(progress.outcomes)
