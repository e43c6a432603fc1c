"""Collections as a visitor may see and change them: those of others are as if not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rag.errors import FilterError, NotThere, Refused
from rag.store.collections import ALL, DEFAULT, Collection, CollectionDocuments
from rag.store.membership import DEFAULT_ID
from ranklens.members.rights import Part


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
