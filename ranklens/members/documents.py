"""Documents, passages and collections that a visitor may see, and a pipeline over nothing else."""

from __future__ import annotations

from collections.abc import Collection as Some
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from ingest.files import clean_name
from ingest.progress import FileOutcome, IndexingProgress
from ingest.senders import Sender
from rag.errors import FilterError, NotThere, Refused
from rag.store.catalogue import Document, Status
from rag.store.collections import ALL, DEFAULT, Collection, CollectionDocuments
from rag.store.membership import DEFAULT_ID, name_in_use
from rag.types import Chunk
from ranklens import policy
from ranklens.members.rights import Part, Rights


class MemberCatalogue(Part):
    """Documents and chunks of a visitor's collections; it reads only."""

    passes = frozenset({"language", "path"})

    def documents(
        self, *statuses: Status, name: str | None = None, digest: str | None = None
    ) -> list[Document]:
        """Return documents by name, newest version last."""
        return self._rights.seen(self._beneath().documents(*statuses, name=name, digest=digest))

    def ready(self) -> Sequence[Document]:
        """Return the documents that can be searched."""
        return tuple(self._rights.seen(self._beneath().ready()))

    def languages(self) -> tuple[str, ...]:
        """Return the languages of these documents."""
        return tuple(dict.fromkeys(document.language for document in self.ready()))

    def fetch(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """Return the live chunks among ``ids``."""
        return self._seen(self._beneath().fetch(ids))

    def beside(self, ids: Sequence[str], reach: int) -> dict[str, list[Chunk]]:
        """Return the neighbours of live chunks, which are of the same documents."""
        return self._beneath().beside(list(self.fetch(ids)), reach)  # type: ignore[no-any-return]

    def chunks_of(self, document_id: int) -> list[Chunk]:
        """Return a document's chunks."""
        found = self._beneath().chunks_of(document_id)
        return [chunk for chunk in found if self._rights.sees(chunk.document)]

    def document_text(self, document_id: int) -> tuple[str, Any] | None:
        """Return a document's text."""
        return self._beneath().document_text(document_id) if self._is_own(document_id) else None

    def boxes(self, document_id: int) -> bytes:
        """Return where a document's words stand."""
        return self._beneath().boxes(document_id) if self._is_own(document_id) else b""

    def vectors(self, ids: Sequence[str]) -> Mapping[str, Any]:
        """Return the vectors of chunks."""
        return self._beneath().vectors(list(self.fetch(ids)))  # type: ignore[no-any-return]

    def _is_own(self, document_id: int) -> bool:
        return any(document.id == document_id for document in self.documents())

    def _seen(self, found: dict[str, Chunk]) -> dict[str, Chunk]:
        return {key: chunk for key, chunk in found.items() if self._rights.sees(chunk.document)}


class MemberIndex(Part):
    """What retrievers and inspector read: searches are by scope, chunks come from the catalogue."""

    passes = frozenset(
        {
            "analyser_of", "compare", "is_exact", "lexical", "near", "one_version", "scope",
            "tokens", "version",
        }
    )  # fmt: skip
    whole = False
    """It is a part of the library, whatever is asked: see `rag.retrieve.filters.scope_of`."""

    @property
    def catalogue(self) -> MemberCatalogue:
        """Documents and chunks."""
        return MemberCatalogue(self._rights, lambda: self._rights.library.index.catalogue)

    @property
    def collections(self) -> MemberCollections:
        """The collections that can be asked."""
        return MemberCollections(self._rights, lambda: self._rights.library.collections)


class MemberCollections(Part):
    """Collections: those of others are as if they were not there."""

    default = DEFAULT
    everything = ALL

    def all(self) -> list[Collection]:
        """Return the collections with the number of their documents."""
        names = self.names()
        return [one for one in self._beneath().all() if one.name in names]

    def names(self) -> list[str]:
        """Return the names, the default one first."""
        of, ids = self._beneath().by_id(), self._rights.ids
        seen = {name for key, name in of.items() if key in ids}
        return [name for name in self._beneath().names() if name in seen]

    def id_of(self, name: str) -> int:
        """Return a collection's number."""
        return self._known(name)

    def by_id(self) -> dict[int, str]:
        """Return number → name."""
        ids = self._rights.ids
        return {key: name for key, name in self._beneath().by_id().items() if key in ids}

    def name_of(self, collection_id: int | None) -> str:
        """Return a collection's name; that of the default one if it is not there."""
        return self.by_id().get(DEFAULT_ID if collection_id is None else collection_id, DEFAULT)

    def is_all(self, name: str) -> bool:
        """Return whether a name stands for all documents, to who may see all of them."""
        return self._rights.visitor.sees_all and bool(self._beneath().is_all(name))

    def number(self, name: str) -> int:
        """Return what is kept for a collection that is asked."""
        if not name or self.is_all(name):
            return self._known(ALL)
        return self._known(name)

    def ids_of_document(self, name: str) -> frozenset[int]:
        """Return the numbers of the collections that a document is in, unseen ones too.

        Whoever asks may learn that there is one more, whose documents they may not change.
        """
        self._rights.refuse_hidden([name])
        return self._beneath().ids_of_document(name)  # type: ignore[no-any-return]

    def of_documents(self) -> Mapping[str, tuple[str, ...]]:
        """Return document → the collections that it is in."""
        names = set(self.names())
        held = {
            document: tuple(name for name in own if name in names)
            for document, own in self._beneath().of_documents().items()
        }
        return {document: own for document, own in held.items() if own}

    def members(self, name: str) -> frozenset[str]:
        """Return the names of a collection's documents."""
        self._known(name)
        return self._beneath().members(name)  # type: ignore[no-any-return]

    def documents(self, name: str) -> CollectionDocuments:
        """Return what of a collection can be asked."""
        if name:
            self._known(name)
            return self._beneath().documents(name)  # type: ignore[no-any-return]
        found: CollectionDocuments = self._beneath().documents(name)
        if self._rights.visitor.sees_all:
            return found
        own = self._rights.seen(found.ready)
        return CollectionDocuments(own, tuple({one.language: 0 for one in own}), all=False)

    def asked(self, name: str = "") -> str:
        """Return the collection to ask: that one, the default, or the only one that has documents.

        Without the default one the first that has documents is asked.
        """
        if self.is_all(name):
            return ""
        if name:
            try:
                self._known(name)
            except NotThere as error:
                raise FilterError(str(error)) from None
            return name
        names = self.names()
        if not names:
            raise Refused("you have no access to any collection; an administrator gives it")
        filled = [one for one in names if self._beneath().documents(one).ready]
        if DEFAULT in filled or (DEFAULT in names and len(filled) != 1):
            return DEFAULT
        return (filled or names)[0]

    def last(self) -> str:
        """Return the collection to ask first; what others chose does not count."""
        return self.asked()

    def choose(self, name: str) -> None:
        """Do nothing but check: a visitor's choice is one of the session."""
        self._known(name)

    # Changing

    def make(self, name: str) -> str:
        """Make an empty collection."""
        self._rights.require("make collections")
        made: str = self._beneath().make(name)
        self._rights.note("made the collection", made)
        return made

    def ensure(self, name: str) -> str:
        """Make a collection unless it is there."""
        return name if name in self.names() else self.make(name)

    def rename(self, name: str, new: str) -> str:
        """Give a collection another name."""
        self._rights.in_collections("collect", [name])
        made: str = self._beneath().rename(name, new)
        self._rights.library.evaluations.renamed(name, made)
        self._rights.note("renamed the collection", f"{name} to {made}")
        return made

    def remove(self, name: str) -> None:
        """Remove a collection; some of its documents go to the default one."""
        self._rights.in_collections("collect", [name])
        self._rights.require("collect", [DEFAULT_ID])
        self._beneath().remove(name)
        self._rights.library.evaluations.renamed(name, "")
        self._rights.note("removed the collection", name)

    def put(self, name: str, names: Iterable[str]) -> None:
        """Put documents into a collection: whoever may change both, the two being shared then."""
        names = list(names)
        self._rights.in_collections("collect", [name])
        for document in names:
            self._rights.with_document("collect", document)
        self._beneath().put(name, names)
        self._rights.note(f"put into {name}", ", ".join(names))

    def take(self, name: str, names: Iterable[str]) -> None:
        """Take documents out of a collection; one of no other goes to the default one."""
        names = list(names)
        self._rights.in_collections("collect", [name])
        for document in names:
            self._rights.refuse_hidden([document])
            if self._beneath().ids_of_document(document) <= {self._known(name)}:
                self._rights.require("collect", [DEFAULT_ID])
        self._beneath().take(name, names)
        self._rights.note(f"took out of {name}", ", ".join(names))

    def _known(self, name: str) -> int:
        return self._rights.collection(name)


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


def seen_names(rights: Rights, names: Some[str]) -> frozenset[str]:
    """Return those of the names that can be seen."""
    return frozenset(name for name in names if rights.sees(name))
