"""A library's documents: read, added, replaced and removed; a bad file is data, never the end.

Files are copied in and queued at once (`Queueing.enqueue`); `Indexing.work` indexes what is queued.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from ingest.parsed import Parsed
from ingest.queueing import Queueing
from ingest.texts import stored_text
from rag.errors import NotThere, RanklensError
from rag.store.catalogue import Document
from rag.store.sources import Sources, Tags
from rag.store.verifying import IndexReport, OnChecked
from rag.types import Chunk


class Documents(Queueing):
    """The documents of one library and their indexes."""

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

    def attached(self, name: str) -> list[str]:
        """Return the names of the documents that were attached to an e-mail."""
        return sorted({document.name for document in self._attachments.of(name)})

    # Changing

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

    def _refuse_unknown(self, names: Sequence[str]) -> None:
        known = [document.name for document in self.documents()] if names else []
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else "`ranklens documents` lists them"
                raise NotThere(f"there is no document {name!r} in the library; {hint}")

    def _ready(self, name: str) -> Document:
        for document in self.index.catalogue.documents("ready", name=name):
            return document
        raise NotThere(f"there is no document {name!r} in the library that can be read")
