"""What a visitor's searches read: documents and chunks of the collections that they may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag.store.catalogue import Document, Status
from rag.types import Chunk
from ranklens.members.collections import MemberCollections
from ranklens.members.rights import Part


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
