"""Copies files in and queues them; the same bytes are not added twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ingest.attachments import Attachments
from ingest.files import clean_name
from ingest.indexing import Indexing
from ingest.page_count import count_pages
from ingest.progress import FileOutcome
from ingest.senders import Sender, digest_for
from rag.errors import AddedMeanwhile, DocumentError
from rag.models.encoder import Encoder
from rag.settings import Settings
from rag.store.catalogue import Document
from rag.store.protocol import Store
from rag.store.room import storage_error


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that is to be added; see `Queueing.enqueue`."""

    path: Path
    name: str
    password: str
    parent: str
    collection: str
    sender: Sender | None


class Queueing(Indexing):
    """Adds files to a library's queue, and forgets documents."""

    def __init__(self, settings: Settings, encoder: Encoder, index: Store) -> None:
        super().__init__(settings, encoder, index)
        self._attachments = Attachments(
            index.catalogue,
            self.enqueue_upload,
            self._forget,
            lambda name: index.collections.ids_of_document(name),
        )

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
        ``sender`` the same bytes are added again if they are a document that is not theirs, and
        no document is replaced that they may not change.
        """
        name = clean_name(name or path.name)
        if parent and self.settings.has_accounts:
            sender = self._of_mail(parent)
        try:
            return self._add(Incoming(path, name, password, parent, collection, sender))
        except DocumentError as error:
            return FileOutcome(name, "failed", str(error))

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

    def _add(self, file: Incoming) -> FileOutcome:
        """Add a file; raises `DocumentError` if it cannot be read or may not have its name."""
        into = self.index.collections.id_of(file.collection) if file.collection else None
        self.index.room.check(file.path.stat().st_size if file.path.is_file() else 0)
        limit, catalogue = self.settings.max_file_mb, self.index.catalogue
        digest, size = self._files.keep(file.path, limit, lambda sha: self._digest(file, sha))
        known = catalogue.documents("ready", "queued", "indexing", digest=digest)
        if outcome := self._unchanged(file, known):
            return outcome
        earlier = self._earlier(file, digest)
        may_name = {"may_name": file.sender.may_name} if file.sender else {}
        try:
            document_id = catalogue.add_document(
                file.name,
                size,
                digest,
                file.parent,
                into,
                known,
                lambda: self._keep_again(file.path, digest),
                pages=count_pages(file.path) or None,  # about, for the time left
                **may_name,
            )
        except AddedMeanwhile:
            return self._add(file)
        except DocumentError:
            catalogue.if_unused(digest, self._files.drop)
            raise
        # Not before: a process killed in between would have lost what was queued. One that was
        # begun or published meanwhile stays until the new one takes its place.
        still = [one for one in earlier if catalogue.change(one.id, one.status, status="removed")]
        self._forget(still, keep=digest)
        if file.password:
            self._passwords[document_id] = file.password
        if not file.parent:  # an attachment goes on with its e-mail
            self.resume_work()
        return FileOutcome(file.name, "queued")

    def _digest(self, file: Incoming, sha256: str) -> str:
        if file.sender is None:
            return sha256
        places = self.index.collections.by_id()
        return digest_for(self.index.catalogue, sha256, places, file.sender)

    def _unchanged(self, file: Incoming, known: Sequence[Document]) -> FileOutcome | None:
        """Return what becomes of a file whose bytes a document has already, if one does."""
        collections, sender = self.index.collections, file.sender
        for same in known:
            if sender and not sender.takes(same.name):
                continue
            is_the_same = same.name == file.name
            reason = "" if file.parent and is_the_same else _already(same, file.name)
            if file.collection and same.name not in collections.members(file.collection):
                if sender:
                    sender.put(same.name)
                else:
                    collections.put(file.collection, [same.name])
                reason += f"; it is in the collection {file.collection!r} now too"
            return FileOutcome(file.name, "unchanged", reason, same.chunks)
        return None

    def _earlier(self, file: Incoming, digest: str) -> list[Document]:
        """Return the documents without passages that a file takes the place of."""
        catalogue, sender = self.index.catalogue, file.sender
        failed = catalogue.documents("failed", digest=digest)
        return [
            *catalogue.documents("failed", "queued", name=file.name),
            *(one for one in failed if not sender or sender.may_change(one.name)),
        ]

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
