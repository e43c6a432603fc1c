"""A visitor's documents: read, added and removed with the rights of their collections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from ingest.files import clean_name
from ingest.progress import FileOutcome, IndexingProgress
from ingest.senders import Sender
from rag.errors import Refused
from rag.store.catalogue import Document
from rag.store.collections import DEFAULT
from rag.store.membership import name_in_use
from rag.types import Chunk
from ranklens import policy
from ranklens.members.collections import MemberCollections
from ranklens.members.rights import Rights


class MemberDocuments:
    """The part of a member's library that `ingest.documents.Documents` is of a library."""

    rights: Rights

    def documents(self, collection: str = "") -> list[Document]:
        """Return the documents by name, or those of a collection."""
        if collection:
            self.rights.collection(collection)
        return self.rights.seen(self.rights.library.documents(collection))

    def document(self, name: str) -> Document:
        """Return the newest version of a document."""
        self.rights.refuse_hidden([name])
        return self.rights.library.document(name)

    def chunks(self, name: str) -> list[Chunk]:
        """Return a document's chunks in reading order."""
        self.rights.refuse_hidden([name])
        return self.rights.library.chunks(name)

    def text(self, name: str) -> str:
        """Return a document's text."""
        self.rights.refuse_hidden([name])
        return self.rights.library.text(name)

    def parsed(self, name: str) -> Any:
        """Return a document's text with its structure."""
        self.rights.refuse_hidden([name])
        return self.rights.library.parsed(name)

    def file(self, name: str) -> Path:
        """Return the library's copy of a document."""
        self.rights.refuse_hidden([name])
        return self.rights.library.file(name)

    def attached(self, name: str) -> list[str]:
        """Return what was attached to an e-mail."""
        self.rights.refuse_hidden([name])
        return [one for one in self.rights.library.attached(name) if self.rights.sees(one)]

    # Changing

    def enqueue_upload(
        self, name: str, data: IO[bytes], password: str = "", parent: str = "", collection: str = ""
    ) -> FileOutcome:
        """Queue a file; it neither replaces nor names what its sender cannot see."""
        into = collection or DEFAULT
        self.rights.in_collections("add", [into])
        sender = self._sender(into)
        shown = clean_name(name)
        held = self.rights.library.collections.ids_of_document(shown)
        if not sender.may_name(held, frozenset()):  # now: before a large file is copied
            return FileOutcome(shown, "failed", str(name_in_use(shown)))
        outcome = self.rights.library.enqueue_upload(
            name, data, password, collection=into, sender=sender
        )
        if outcome.status == "queued":
            self.rights.note("added", f"{outcome.name} to {into}")
        return outcome

    def enqueue(
        self, path: Path, name: str = "", password: str = "", parent: str = "", collection: str = ""
    ) -> FileOutcome:
        """Queue a file of the server's machine: an administrator's right."""
        self.rights.require("settings")
        outcome = self.rights.library.enqueue(path, name, password, parent, collection)
        if outcome.status == "queued":
            self.rights.note("added", f"{outcome.name} to {collection or DEFAULT}")
        return outcome

    def _sender(self, into: str) -> Sender:
        """Return who adds to a collection: with what they may change they may share it too."""
        rights, place, visitor = self.rights, self.rights.collection(into), self.rights.visitor
        held = rights.library.collections.ids_of_document
        put = MemberCollections(rights, lambda: rights.library.collections).put

        def may_change(name: str) -> bool:
            return rights.sees(name) and rights.may("collect", held(name))

        return Sender(
            place,
            lambda name: place in held(name) or may_change(name),
            may_change,
            lambda name: put(into, [name]),
            lambda places, _mails: not places or policy.may(visitor, "add", places),
        )

    def remove(self, name: str) -> None:
        """Remove a document, for everybody: whoever may do that in all of its collections."""
        self.rights.with_document("remove", name)
        held = self.rights.library.collections.ids_of_document
        for one in self.rights.library.attached(name):
            if not self.rights.may("remove", held(one)):
                raise Refused(
                    f"something that was attached to {name!r} is in another collection too, whose "
                    "documents you may not remove; somebody who may takes it out of there first"
                )
        self.rights.library.remove(name)
        self.rights.note("removed", name)

    def remove_all(self, names: Sequence[str]) -> list[str]:
        """Remove documents as an administrator who imports a folder does: what is gone there."""
        self.rights.require("settings")
        removed = self.rights.library.remove_all(names)
        for name in removed:
            self.rights.note("removed", name)
        return removed

    def reindex(self, names: Sequence[str] = ()) -> list[str]:
        """Queue documents again; without names all that the visitor may change."""
        for name in names:
            self.rights.with_document("add", name)
        held = self.rights.library.collections.ids_of_document
        own = names or [
            document.name
            for document in self.documents()
            if self.rights.may("add", held(document.name))
        ]
        return self.rights.library.reindex(own) if own else []

    def stop_work(self) -> None:
        """Stop indexing."""
        self.rights.require("add")
        self.rights.library.stop_work()

    def resume_work(self) -> None:
        """Go on with indexing."""
        self.rights.require("add")
        self.rights.library.resume_work()

    def progress(self) -> IndexingProgress:
        """Return how far indexing is; of documents that cannot be seen neither names nor counts."""
        found = self.rights.library.progress()
        if self.rights.visitor.sees_all:
            return found
        own = tuple(one for one in found.outcomes if self.rights.sees(one.name))
        waiting = self.unfinished()
        if not found.current or not self.rights.sees(found.current):
            idle = found.running and not waiting
            return IndexingProgress(
                documents_done=len(own), documents_total=len(own) + waiting, outcomes=own,
                running=found.running and not idle, stopped=found.stopped and waiting > 0,
                waits=found.waits,
            )  # fmt: skip
        return replace(
            found, documents_done=len(own), documents_total=len(own) + waiting, outcomes=own,
            problem="", seconds_left=None,
        )  # fmt: skip

    def unfinished(self) -> int:
        """Return how many documents wait or are being indexed."""
        return sum(one.status in ("queued", "indexing") for one in self.documents())
