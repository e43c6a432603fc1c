"""Indexes what is queued, in the caller's thread or in the background; stops, goes on, sweeps.

A process that dies in between leaves a library that opens, answers from what was ready and
finishes the rest.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from ingest.attachments import Attachments
from ingest.leased import LeasedWork
from ingest.originals import Originals
from ingest.progress import FileOutcome, IndexingProgress
from ingest.work import Work, halted
from rag.models.encoder import Encoder
from rag.settings import Settings
from rag.store.picture_texts import PictureTexts
from rag.store.protocol import Store

log = logging.getLogger(__name__)

HELD = "indexing held"  # a fact of a library that several processes share
SHARED_LOOK = 2.0  # seconds between looks at what another process has queued, or stopped
SWEEP_SECONDS = 3600.0  # between looks at files that no document has
LOOK_AGAIN = 10.0  # seconds after which a worker that waits for disk or server tries again


class Indexing:
    """The work on a library's queue, and how far it is."""

    _attachments: Attachments

    def __init__(self, settings: Settings, encoder: Encoder, index: Store) -> None:
        self.settings = settings
        self.index = index
        self.encoder = encoder
        self._files = Originals(settings)
        self._texts = PictureTexts(index.catalogue.engine)
        self._passwords: dict[int, str] = {}
        self._swept = time.monotonic()
        known = index.catalogue.digests
        self._files.drop_copies(known)
        if not self.shared:
            if not settings.files_url:
                self._files.sweep(known)
            self._texts.sweep()
        self._progress = IndexingProgress()
        self.look_again = LOOK_AGAIN
        self._working = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._held = False  # by `stop_work`: the worker does not go on by itself
        self._closing = False
        self._finishing = False
        self._seen_held = (0.0, False)
        self._worker: threading.Thread | None = None

    def close(self) -> None:
        """Stop the worker and save."""
        self._closing = True
        self._halt()
        self._wake.set()
        if self._worker:
            self._worker.join(timeout=60)
        self.index.close()

    def unfinished(self) -> int:
        """Return how many documents wait or are being indexed."""
        return self.index.catalogue.waiting("queued", "indexing")[0]

    @property
    def shared(self) -> bool:
        """Whether other processes may index too: the library is in a database."""
        return bool(self.settings.database_url)

    def progress(self) -> IndexingProgress:
        """Return a snapshot of the running or last work; what was queued since is counted."""
        shown = self._progress
        if shown.running:
            return replace(shown, documents_total=shown.documents_done + self.unfinished())
        return self._progress_elsewhere(shown) if self.shared else shown

    def progress_here(self) -> IndexingProgress:
        """Return a snapshot of this process's own running or last work."""
        return self._progress

    def _progress_elsewhere(self, shown: IndexingProgress) -> IndexingProgress:
        """Return what other processes are indexing; how far each is, only itself knows."""
        begun = [document.name for document in self.index.catalogue.documents("indexing")]
        total, stopped = shown.documents_done + self.unfinished(), self._held_by_anyone()
        if not begun:
            return replace(shown, documents_total=total, stopped=stopped)
        return replace(
            shown, running=True, documents_total=total, current=", ".join(begun[:3]), problem=""
        )

    def stop_work(self) -> None:
        """Ask the running work to stop; what is not finished stays queued until `resume_work`.

        Adding a document, or the next start, resumes it too. All processes of a shared library
        stop, and resume.
        """
        self._hold_all(True)
        self._halt()

    def finish_work(self) -> None:
        """Begin no further document; what is under way is finished, or stopped by `stop_work`."""
        self._finishing = True

    def resume_work(self) -> None:
        """Go on in the background with what `stop_work` left."""
        self._hold_all(False)
        self._held = False
        if self._progress.stopped:
            self._progress = replace(self._progress, stopped=False)
        self._wake.set()

    def _halt(self) -> None:
        self._held = True
        self._stop.set()
        if not self._progress.running:  # it was about to begin
            self._progress = replace(self._progress, stopped=True)

    def _hold_all(self, held: bool) -> None:
        if self.shared and self.index.catalogue.setting(HELD) != held:
            self.index.catalogue.remember(HELD, held)
        self._seen_held = (time.monotonic(), held)

    def _held_by_anyone(self) -> bool:
        """Return whether somebody stopped indexing, here or elsewhere a moment ago."""
        if not self.shared:
            return self._held
        seen, held = self._seen_held
        if time.monotonic() - seen >= SHARED_LOOK:
            held = bool(self.index.catalogue.setting(HELD))
            self._seen_held = (time.monotonic(), held)
        return self._held or held

    def start_worker(self) -> None:
        """Index in the background, now and whenever something is queued, until `close`.

        A shared library may leave that to other processes (`index_here`); only local copies of
        removed files are deleted here then.

        If the disk is full or a server that encodes is away, it tries again every few seconds.
        """
        if self._worker is None:
            self._worker = threading.Thread(target=self._run, name="indexing", daemon=True)
            self._worker.start()
        if not self.shared:  # what somebody stopped there stays so
            self.resume_work()
        self._wake.set()

    def _run(self) -> None:
        while not self._closing:
            rest = SHARED_LOOK if self.shared else None
            self._wake.wait(self.look_again if self._progress.waits else rest)
            self._wake.clear()
            try:
                if not self._indexes:
                    self.sweep_files(copies_alone=True)
                elif self.is_to_work():
                    self._index()
                else:
                    self.sweep_files()
            # The thread must live on, whatever the disk, SQLite or Chroma did: indexing would
            # end, without a word, until somebody starts the program again.
            except Exception as error:
                log.exception("indexing failed")
                self._progress = halted(self._progress, error)

    @property
    def _indexes(self) -> bool:
        return self.settings.index_here or not self.shared

    def is_to_work(self) -> bool:
        """Return whether something waits, or is being indexed, and nobody stopped the work."""
        return self.unfinished() > 0 and not self._closing and not self._held_by_anyone()

    def work(
        self,
        on_progress: Callable[[IndexingProgress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> list[FileOutcome]:
        """Index everything that is queued and return what became of each document.

        ``stop`` (or `stop_work`) ends it after the current batch. An error that is not a
        document's own (a model that cannot run) ends it too and is in ``progress().problem``.
        """
        self._held = False
        return self._index(on_progress, stop)

    def _index(
        self,
        on_progress: Callable[[IndexingProgress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> list[FileOutcome]:
        with self._working:
            stop = self._stop = stop or threading.Event()

            def show(progress: IndexingProgress) -> None:
                self._progress = progress
                if on_progress:
                    on_progress(progress)

            def stopped() -> bool:
                return self._closing or self._held_by_anyone() or stop.is_set()

            work = (LeasedWork if self.shared else Work)(
                self.index,
                self.encoder,
                self._files,
                self.settings,
                stopped,
                show,
                self._passwords,
                self._texts,
                self._attachments,
                begins=lambda: not self._finishing,
            )
            return list(work.run())

    def sweep_files(self, every: float = SWEEP_SECONDS, copies_alone: bool = False) -> int:
        """Delete files that no document has, if ``every`` seconds have passed; count them.

        A process that was killed while somebody added or removed a file leaves it, and what was
        read in it; nobody ever sees either. ``copies_alone``: delete only local copies, of what
        was removed on other hosts.
        """
        if time.monotonic() - self._swept < every:
            return 0
        self._swept = time.monotonic()
        known = self.index.catalogue.digests
        self._files.drop_copies(known)
        if copies_alone:
            return 0
        self._texts.sweep()
        if self.shared:  # an embedded library does so when it is opened
            self.index.tidy()
        return self._files.sweep(known, self.index.catalogue.if_unused)
