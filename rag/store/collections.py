"""Collections: the parts of a library that questions are asked within.

A document is in one collection at least, and may be in several. What is added without a choice is
in the default one, which is always there. A collection that holds every document narrows nothing.

`ALL` asks all documents, whatever collections they are in. It is no collection: nothing can be put
into it, and one that an older version called so comes before it.
"""

from __future__ import annotations

import difflib
import threading
import time
from collections import Counter
from collections.abc import Collection as AnyOf
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from rag.errors import FilterError, LibraryError, NotThere
from rag.store import membership
from rag.store.catalogue import Catalogue, Document
from rag.store.membership import DEFAULT_ID
from rag.store.schema import collections, document_collections, documents
from rag.text.typed import clean

DEFAULT, ALL = "default", "all"
ALL_ID = 0  # what conversations and logged questions keep for `ALL`
LONGEST = 80
_LAST = "last collection"


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection with the number of its ``documents``, those that wait or failed too."""

    name: str
    documents: int


@dataclass(frozen=True, slots=True)
class CollectionDocuments:
    """What of a collection can be asked: its ready documents and their languages, frequent first.

    ``all``: these are all documents of the library that can be asked.
    """

    ready: Sequence[Document]
    languages: tuple[str, ...]
    all: bool


class Collections:
    """Reads and writes a library's collections. Safe to use from several threads."""

    default, everything = DEFAULT, ALL

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._engine = catalogue.engine
        self._keeping = threading.Lock()
        self._kept_of: Sequence[Document] = ()
        self._kept: dict[str, CollectionDocuments] = {}

    # Reading

    def all(self) -> list[Collection]:
        """Return all collections, the default one first, the others by name."""
        counted = func.count(document_collections.c.document)
        query = (
            select(collections.c.name, counted)
            .select_from(collections.outerjoin(document_collections))
            .group_by(collections.c.id)
            .order_by(collections.c.id != DEFAULT_ID, collections.c.name)
        )
        with self._engine.connect() as db:
            return [Collection(*row) for row in db.execute(query)]

    def names(self) -> list[str]:
        """Return the names of all collections, in the order of `all`."""
        query = select(collections.c.name)
        query = query.order_by(collections.c.id != DEFAULT_ID, collections.c.name)
        with self._engine.connect() as db:
            return list(db.scalars(query))

    def id_of(self, name: str) -> int:
        """Return a collection's number; raises `NotThere`."""
        with self._engine.connect() as db:
            return id_of(db, name)

    def number(self, name: str) -> int:
        """Return what is kept for a collection that is asked; "" and `ALL` are `ALL_ID`.

        Raises `NotThere`.
        """
        return ALL_ID if not name or self.is_all(name) else self.id_of(name)

    def is_all(self, name: str) -> bool:
        """Return whether a name stands for all documents."""
        return name == ALL and ALL not in self.names()

    def by_id(self) -> dict[int, str]:
        """Return number → name of all collections, and of `ALL`."""
        with self._engine.connect() as db:
            rows = db.execute(select(collections.c.id, collections.c.name))
            return {ALL_ID: ALL} | {row[0]: row[1] for row in rows}

    def name_of(self, collection_id: int | None) -> str:
        """Return a collection's name; that of the default one if it is not there (any more)."""
        return self.by_id().get(DEFAULT_ID if collection_id is None else collection_id, DEFAULT)

    def of_documents(self) -> Mapping[str, tuple[str, ...]]:
        """Return document → the collections that it is in, in the order of `all`."""
        query = (
            select(document_collections.c.document, collections.c.name)
            .join(collections)
            .order_by(collections.c.id != DEFAULT_ID, collections.c.name)
        )
        found: dict[str, tuple[str, ...]] = {}
        with self._engine.connect() as db:
            for document, name in db.execute(query):
                found[document] = (*found.get(document, ()), name)
        return found

    def ids_of_document(self, name: str) -> frozenset[int]:
        """Return the numbers of the collections that a document is in."""
        query = select(document_collections.c.collection_id)
        with self._engine.connect() as db:
            own = query.where(document_collections.c.document == name)
            return frozenset(db.scalars(own))

    def documents_in(self, ids: AnyOf[int]) -> frozenset[str]:
        """Return the names of the documents that are in any of these collections."""
        within = document_collections.c.collection_id.in_(list(ids))
        query = select(document_collections.c.document).where(within).distinct()
        with self._engine.connect() as db:
            return frozenset(db.scalars(query))

    def members(self, name: str) -> frozenset[str]:
        """Return the names of a collection's documents; raises `NotThere`."""
        query = select(document_collections.c.document)
        every = self.is_all(name)
        with self._engine.connect() as db:
            if not every:
                query = query.where(document_collections.c.collection_id == id_of(db, name))
            return frozenset(db.scalars(query))

    def documents(self, name: str) -> CollectionDocuments:
        """Return what of a collection can be asked, kept until a document or a collection changes.

        "" and `ALL` are all documents. Raises `NotThere`.
        """
        ready = self._catalogue.ready()
        with self._keeping:
            if self._kept_of is not ready:
                self._kept_of, self._kept = ready, {}
            kept = self._kept
        if name not in kept:
            members = self.members(name) if name else {document.name for document in ready}
            own = [document for document in ready if document.name in members]
            languages = tuple(n for n, _ in Counter(d.language for d in own).most_common())
            kept[name] = CollectionDocuments(own, languages, len(own) == len(ready))
        return kept[name]

    def asked(self, name: str = "") -> str:
        """Return the collection to ask: the one of that name, or without a name the default.

        If only one collection has documents that can be asked, it stands for an empty default.
        "" for `ALL`. Raises `FilterError` if there is none of that name.
        """
        if self.is_all(name):
            return ""
        if name:
            try:
                self.documents(name)
            except NotThere as error:
                raise FilterError(str(error)) from None
            return name
        if self.documents(DEFAULT).ready:
            return DEFAULT
        filled = [one for one in self.names() if self.documents(one).ready]
        return filled[0] if len(filled) == 1 else DEFAULT

    def last(self) -> str:
        """Return the collection that was chosen last, or if none was, the one to ask."""
        chosen = self._catalogue.setting(_LAST)
        return self.asked() if chosen is None else self.name_of(chosen)

    # Changing

    def choose(self, name: str) -> None:
        """Remember a collection as the one that was chosen last; raises `NotThere`."""
        self._catalogue.remember(_LAST, self.number(name))

    def make(self, name: str) -> str:
        """Make an empty collection; returns its name as it is kept. Raises `LibraryError`."""
        name = checked(name)
        try:
            with self._catalogue.changing_documents() as db:
                db.execute(insert(collections).values(name=name, made=time.time()))
        except IntegrityError:
            raise LibraryError(f"there is a collection {name!r} already") from None
        return name

    def ensure(self, name: str) -> str:
        """Make a collection unless it is there."""
        name = checked(name)
        return name if name in self.names() else self.make(name)

    def rename(self, name: str, new: str) -> str:
        """Give a collection another name; conversations and question sets stay with it.

        Raises `LibraryError` for the default one and for a name that is in use, and `NotThere`.
        """
        new = checked(new)
        try:
            with self._catalogue.changing_documents() as db:
                this = collections.c.id == _changeable(db, name)
                db.execute(update(collections).where(this).values(name=new))
        except IntegrityError:
            raise LibraryError(f"there is a collection {new!r} already") from None
        return new

    def remove(self, name: str) -> None:
        """Remove a collection, not its documents: those of no other one go to the default.

        So do its conversations and question sets. Raises `LibraryError` for the default one.
        """
        with self._catalogue.changing_documents() as db:
            key = _changeable(db, name)
            own = document_collections.c.collection_id == key
            held = list(db.scalars(select(document_collections.c.document).where(own)))
            db.execute(delete(document_collections).where(own))
            for document in held:
                membership.enrol(db, document, None)
            db.execute(delete(collections).where(collections.c.id == key))

    def put(self, name: str, names: Iterable[str]) -> None:
        """Put documents into a collection; they stay in their others too.

        Raises `NotThere` if there is no such collection or document; nothing is changed then.
        """
        names = list(names)
        with self._catalogue.changing_documents() as db:
            key = id_of(db, name)
            _refuse_unknown(db, names)
            membership.put(db, names, key)

    def take(self, name: str, names: Iterable[str]) -> None:
        """Take documents out of a collection; one that is in no other goes to the default.

        Raises `LibraryError` for a document that is in the default one only, and `NotThere`;
        nothing is changed then.
        """
        with self._catalogue.changing_documents() as db:
            key = id_of(db, name)
            for document in names:
                this = document_collections.c.document == document
                own = delete(document_collections).where(
                    this, document_collections.c.collection_id == key
                )
                if not db.execute(own).rowcount:
                    raise NotThere(f"there is no document {document!r} in the collection {name!r}")
                membership.enrol(db, document, None)
                if key == DEFAULT_ID and _only_default(db, document):
                    raise LibraryError(
                        f"{document!r} is in no other collection than {DEFAULT!r}; put it into "
                        "another one first, or remove it from the library"
                    )


def checked(name: str) -> str:
    """Return a collection's name as it is kept; raises `LibraryError` if it cannot be one."""
    name = " ".join(clean(name).split())
    if not name or len(name) > LONGEST:
        raise LibraryError(f"the name of a collection has 1 to {LONGEST} characters")
    if "/" in name or not name.strip("."):  # a collection is a part of an address
        raise LibraryError(f"{name!r} cannot name a collection: no slashes, and not only dots")
    if name == ALL:
        raise LibraryError(f"{ALL!r} asks all collections; give this one another name")
    return name


def id_of(db: Connection, name: str) -> int:
    """Return a collection's number; raises `NotThere` with the names that there are."""
    found = db.scalar(select(collections.c.id).where(collections.c.name == name))
    if found is None:
        query = select(collections.c.name).order_by(collections.c.id).limit(10)
        known = list(db.scalars(query))
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        raise NotThere(f"there is no collection {name!r} in the library; {hint}")
    return int(found)


def _changeable(db: Connection, name: str) -> int:
    """Return the number of a collection that may be changed."""
    key = id_of(db, name)
    if key == DEFAULT_ID:
        raise LibraryError(f"the collection {DEFAULT!r} can be neither renamed nor removed")
    return key


def _refuse_unknown(db: Connection, names: Sequence[str]) -> None:
    for name in names:
        there = documents.c.name == name, documents.c.status != "removed"
        if db.scalar(select(documents.c.id).where(*there).limit(1)) is None:
            raise NotThere(
                f"there is no document {name!r} in the library; `ranklens documents` lists them"
            )


def _only_default(db: Connection, document: str) -> bool:
    own = document_collections.c.document == document
    held = list(db.scalars(select(document_collections.c.collection_id).where(own)))
    return held == [DEFAULT_ID]
