"""Whose document a file's bytes become, if people with accounts share a library.

Without accounts a document's digest is the SHA-256 of its bytes: the same bytes are there once.
With accounts that would show whether somebody else has them. So who adds a file gets the document
that has its bytes if they may have it, and otherwise one of their own, whose digest, passages and
text are its own too. Digests of both kinds look alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count

from rag.store.catalogue import Catalogue
from rag.store.membership import MayName


@dataclass(frozen=True, slots=True)
class Sender:
    """Who adds a file to a collection, which is number ``place``.

    A document's name is asked: ``takes`` is whether it may stand for the file, ``may_change``
    whether it may be replaced. ``put`` puts it into the collection. ``may_name`` is whether a name
    may be used, by the collections and the e-mails of the documents that have it.
    """

    place: int
    takes: Callable[[str], bool]
    may_change: Callable[[str], bool]
    put: Callable[[str], None]
    may_name: MayName


def digest_for(catalogue: Catalogue, sha256: str, places: Iterable[int], sender: Sender) -> str:
    """Return the digest of the document that has these bytes, or of the new one.

    ``places`` are the numbers of all collections.
    """
    known = [sha256, *(_own(sha256, place, 0) for place in places)]
    for same in catalogue.documents("ready", "queued", "indexing", digests=known):
        if sender.takes(same.name):
            return same.digest
    mine = (_own(sha256, sender.place, number) for number in count())
    return next(
        digest
        for digest in mine
        if all(sender.takes(one.name) for one in catalogue.documents(digest=digest))
    )


def _own(sha256: str, place: int, number: int) -> str:
    return hashlib.sha256(f"{sha256}:{place}:{number}".encode()).hexdigest()
