"""A library's documents: add, replace and remove them; a bad file is data, never the end.

Files are copied in and queued at once (`enqueue`); `work` indexes what is queued, in the caller's
thread or in the background (`start_worker`). A process that dies in between leaves a library that
opens, answers from what was ready and finishes the rest.
"""

from __future__ import annotations

import difflib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from ingest.attachments import Attachments
from ingest.files import clean_name
from ingest.leased import LeasedWork
from ingest.originals import Originals
from ingest.page_count import count_pages
from ingest.parsed import Parsed
from ingest.progress import FileOutcome, IndexingProgress
from ingest.senders import Sender, digest_for
from ingest.texts import stored_text
from ingest.work import Work, halted
from rag.errors import AddedMeanwhile, DocumentError, NotThere, RanklensError
from rag.models.encoder import Encoder
from rag.settings import Settings
from rag.store.catalogue import Document
from rag.store.picture_texts import PictureTexts
from rag.store.protocol import Store
from rag.store.room import storage_error
from rag.store.sources import Sources, Tags
from rag.store.verifying import IndexReport, OnChecked
from rag.types import Chunk

log = logging.getLogger(__name__)

HELD = "indexing held"  # a fact of a library that several processes share
SHARED_LOOK = 2.0  # seconds between looks at what another process has queued, or stopped
SWEEP_SECONDS = 3600.0  # between looks at files that no document has
LOOK_AGAIN = 10.0  # seconds after which a worker that waits for disk or server tries again


class Documents:
    """The documents of one library and their indexes."""

    def __init__(self, settings: Settings, encoder: Encoder, index: Store) -> None:
        self.settings = settings
        self.index = index
        self.encoder = encoder
        self._files = Originals(settings)
        self._texts = PictureTexts(index.catalogue.engine)
        self._attachments = Attachments(
            index.catalogue,
            self.enqueue_upload,
            self._forget,
            lambda name: index.collections.ids_of_document(name),
        )
        known = {document.digest for document in index.catalogue.documents()}
        self._swept = time.monotonic()
        self._files.drop_copies(known)
        if not self.shared:
            if not settings.files_url:
                self._files.sweep(lambda: known)
            self._texts.sweep(known)
        self._passwords: dict[int, str] = {}
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

    # What is there

    def documents(self, collection: str = "") -> list[Document]:
        """Return all documents but the removed ones by name, or those of a collection.

        Raises `NotThere` if there is no such collection.
        """
        found = self.index.catalogue.documents()
        if not collection:
            return found
        members = self.index.collections.members(collection)
        return [document for document in found if document.name in members]

    def document(self, name: str) -> Document:
        """Return the newest version of a document; raises `NotThere` if there is none."""
        self._refuse_unknown([name])
        return self.index.catalogue.documents(name=name)[-1]

    def chunks(self, name: str) -> list[Chunk]:
        """Return a document's chunks in reading order."""
        return self.index.catalogue.chunks_of(self._ready(name).id)

    def text(self, name: str) -> str:
        """Return a document's extracted text, to which the chunks' offsets refer."""
        return self.parsed(name).text

    def parsed(self, name: str) -> Parsed:
        """Return a document's text with the structure that its parser found."""
        if parsed := stored_text(self.index.catalogue, self._ready(name)):
            return parsed
        raise RanklensError(f"the text of {name!r} is not in the catalogue")

    def file(self, name: str) -> Path:
        """Return a file with a document's bytes, a failed document's too.

        It is the library's own, or a copy: read it soon, and change nothing in it.
        """
        for document in reversed(self.index.catalogue.documents(name=name)):
            return self._files.path(document.digest)
        raise RanklensError(f"there is no document {name!r} in the library")

    # Adding and removing

    def enqueue(
        self,
        path: Path,
        name: str = "",
        password: str = "",
        parent: str = "",
        collection: str = "",
        sender: Sender | None = None,
    ) -> FileOutcome:
        """Copy a file in and queue it; return what happens to it, and never raise for a bad file.

        Raises `StorageError` if the disk has too little room for it, and `NotThere` if there is no
        such collection.

        The same bytes are not added twice. A file of a known name but other bytes will replace
        the old version once it is indexed. It is put into ``collection``; without one it stays in
        those of the old version, or goes to the default. A password is kept in memory only.
        ``parent`` names the e-mail that it is attached to, whose collections it shares. With a
        ``sender`` the same bytes are added again if they are a document that is not theirs.
        """
        collections = self.index.collections
        key = collections.id_of(collection) if collection else None
        name = clean_name(name or path.name)
        catalogue = self.index.catalogue
        if parent and self.settings.has_accounts:
            sender = self._of_mail(parent)

        def digest_of(sha256: str) -> str:
            known = sender and digest_for(catalogue, sha256, collections.by_id(), sender)
            return known or sha256

        try:
            self.index.room.check(path.stat().st_size if path.is_file() else 0)
            digest, size = self._files.keep(path, self.settings.max_file_mb, digest_of)
        except DocumentError as error:
            return FileOutcome(name, "failed", str(error))
        known = catalogue.documents("ready", "queued", "indexing", digest=digest)
        for same in known:
            if sender and not sender.takes(same.name):
                continue
            reason = "" if parent and same.name == name else _already(same, name)
            if collection and same.name not in collections.members(collection):
                if sender:
                    sender.put(same.name)
                else:
                    collections.put(collection, [same.name])
                reason += f"; it is in the collection {collection!r} now too"
            return FileOutcome(name, "unchanged", reason, same.chunks)
        earlier = catalogue.documents("failed", "queued", name=name)
        earlier += [
            one
            for one in catalogue.documents("failed", digest=digest)
            if not sender or sender.may_change(one.name)
        ]
        may_name = {"may_name": sender.may_name} if sender else {}
        try:
            document_id = catalogue.add_document(
                name,
                size,
                digest,
                parent,
                key,
                known,
                lambda: self._keep_again(path, digest),
                **may_name,
            )
        except AddedMeanwhile:
            return self.enqueue(path, name, password, parent, collection, sender)
        except DocumentError as error:
            catalogue.if_unused(digest, self._files.drop)
            return FileOutcome(name, "failed", str(error))
        # Not before: a process killed in between would have lost what was queued.
        self._forget(earlier, keep=digest)
        if pages := count_pages(path):  # about, for the time left, until it is read
            catalogue.change(document_id, "queued", pages=pages)
        if password:
            self._passwords[document_id] = password
        if not parent:  # an attachment goes on with its e-mail
            self.resume_work()
        return FileOutcome(name, "queued")

    def enqueue_upload(
        self,
        name: str,
        data: IO[bytes],
        password: str = "",
        parent: str = "",
        collection: str = "",
        sender: Sender | None = None,
    ) -> FileOutcome:
        """Queue a file whose bytes are read from ``data``, as `enqueue` does; its name is data."""
        try:
            with self._files.waiting(data) as path:
                return self.enqueue(path, name, password, parent, collection, sender)
        except OSError as error:
            raise storage_error(error) or error from error

    def remove(self, name: str) -> None:
        """Remove a document, its chunks, and what was attached to it.

        Raises `NotThere` if there is none of that name.
        """
        self._refuse_unknown([name])
        self.remove_all([name])

    def remove_all(self, names: Sequence[str]) -> list[str]:
        """Remove documents as `remove` does; return those of the names that there were."""
        catalogue = self.index.catalogue
        named = [document for name in names for document in catalogue.documents(name=name)]
        if not named:
            return []
        found = [*named, *(d for name in names for d in self._attachments.of(name))]
        self._forget(found)
        for records in (Tags(catalogue.engine), Sources(catalogue.engine)):
            records.forget_documents({document.name for document in found})
        self.index.forget()
        return list(dict.fromkeys(document.name for document in named))

    def attached(self, name: str) -> list[str]:
        """Return the names of the documents that were attached to an e-mail."""
        return sorted({document.name for document in self._attachments.of(name)})

    def reindex(self, names: Sequence[str] = ()) -> list[str]:
        """Queue documents again (all of them without names); the old version answers meanwhile.

        Raises `NotThere` on a name that no document has.
        """
        self._refuse_unknown(names)
        catalogue = self.index.catalogue
        # What is queued is newer: behind it, the former version would take its place.
        waiting = {d.name for d in catalogue.documents("queued", "indexing")}
        ready = [d for d in catalogue.documents("ready") if d.name not in waiting]
        ready = [d for d in ready if not names or d.name in names]
        for document in ready:
            again = catalogue.add_document(document.name, document.size, document.digest)
            # An encrypted file cannot be read again without its password; its text is here.
            catalogue.copy_text(document.id, again)
        self.resume_work()
        return [document.name for document in ready]

    def verify(self, on_progress: OnChecked | None = None) -> IndexReport:
        """Check the indexes against the catalogue; ``on_progress`` gets (done, in all)."""
        return self.index.verify(on_progress)

    def rebuild(self, on_progress: OnChecked | None = None) -> IndexReport:
        """Make the indexes again from the catalogue, without encoding anything."""
        return self.index.rebuild(on_progress)

    def unfinished(self) -> int:
        """Return how many documents wait or are being indexed."""
        return self.index.catalogue.waiting("queued", "indexing")[0]

    # Indexing

    def progress(self) -> IndexingProgress:
        """Return a snapshot of the running or last work; what was queued since is counted."""
        shown = self._progress
        if shown.running:
            return replace(shown, documents_total=shown.documents_done + self.unfinished())
        return self._progress_elsewhere(shown) if self.shared else shown

    @property
    def shared(self) -> bool:
        """Whether other processes may index too: the library is in a database."""
        return bool(self.settings.database_url)

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

    def _halt(self) -> None:
        self._held = True
        self._stop.set()
        if not self._progress.running:  # it was about to begin
            self._progress = replace(self._progress, stopped=True)

    def resume_work(self) -> None:
        """Go on in the background with what `stop_work` left."""
        self._hold_all(False)
        self._held = False
        if self._progress.stopped:
            self._progress = replace(self._progress, stopped=False)
        self._wake.set()

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

    def sweep_files(self, every: float = SWEEP_SECONDS, copies_alone: bool = False) -> int:
        """Delete files that no document has, if ``every`` seconds have passed; count them.

        A process that was killed while somebody added a file leaves it; nobody ever sees it.
        ``copies_alone``: delete only local copies, of what was removed on other hosts.
        """
        if time.monotonic() - self._swept < every:
            return 0
        self._swept = time.monotonic()
        catalogue = self.index.catalogue

        def known() -> set[str]:
            return {one.digest for one in catalogue.documents()}

        self._files.drop_copies(known())
        return 0 if copies_alone else self._files.sweep(known, catalogue.if_unused)

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

    def _refuse_unknown(self, names: Sequence[str]) -> None:
        known = [document.name for document in self.documents()] if names else []
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else "`ranklens documents` lists them"
                raise NotThere(f"there is no document {name!r} in the library; {hint}")

    def _of_mail(self, parent: str) -> Sender:
        """Return an e-mail as who adds what is attached: its readers see that, and no more."""
        of = self.index.collections.ids_of_document
        readers = of(parent)

        def read_by_all(name: str) -> bool:
            return readers <= of(name)

        return Sender(
            min(readers, default=0),
            read_by_all,
            read_by_all,
            lambda _: None,
            lambda places, mails: places <= readers and mails <= {parent},
        )

    def _ready(self, name: str) -> Document:
        for document in self.index.catalogue.documents("ready", name=name):
            return document
        raise NotThere(f"there is no document {name!r} in the library that can be read")

    def _keep_again(self, path: Path, digest: str) -> None:
        """Copy a file in again if it was dropped meanwhile, with a document of the same bytes."""
        if not self._files.has(digest):
            self._files.keep(path, self.settings.max_file_mb, lambda _sha256: digest)

    def _forget(self, found: Sequence[Document], keep: str = "") -> None:
        self.index.hide([d.id for d in found])
        digests = {document.digest for document in found} - {keep}
        # Before the index is cleared, which needs room: on a full disk this gives some.
        gone = [x for x in digests if self.index.catalogue.if_unused(x, self._files.drop)]
        self.index.clear([d.id for d in found])
        for digest in gone:
            self._texts.drop(digest)


def _already(document: Document, name: str) -> str:
    other = "" if document.name == name else f" as {document.name!r}"
    return f"the same bytes are already in the library{other}"
