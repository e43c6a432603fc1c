"""What every part of a member's library asks: who it is for now, and what that one may see."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from rag.errors import NotThere, Refused
from rag.store.accounts import Accounts
from rag.store.catalogue import Document
from ranklens import people, policy
from ranklens.policy import Role, Visitor

if TYPE_CHECKING:
    from ranklens.library import Library

NAMES_SECONDS = 5.0  # for which the documents of collections are kept
_Kept = tuple[object, float, frozenset[str]]
_names: WeakKeyDictionary[Accounts, dict[frozenset[int], _Kept]] = WeakKeyDictionary()
_keeping = threading.Lock()


class Rights:
    """A visitor of one library. Looked up anew with every use: rights may end at any time."""

    def __init__(
        self, library: Library, account: str, most: Role = Role.ADMIN,
        still: Callable[[], bool] = lambda: True,
    ) -> None:  # fmt: skip
        """``most`` is a limit beside the account's own: the scope of its key.

        ``still`` is whether what uses it now is done for this account.
        """
        self.library = library
        self._account = account
        self._most = most
        self._still = still

    @property
    def account(self) -> str:
        """Whose rights these are; raises `Refused` once somebody else has the page."""
        if not self._still():
            raise Refused("you have signed in as another account since; reload the page")
        return self._account

    @property
    def visitor(self) -> Visitor:
        """Who it is, with the roles of now (`people.RIGHTS_SECONDS` old at most)."""
        return people.visitor(self.library, self.account).limited(self._most)

    # Asking the policy

    def may(self, action: str, collections: Iterable[int] | None = None) -> bool:
        """Return whether it is allowed."""
        return policy.may(self.visitor, action, collections)

    def require(self, action: str, collections: Iterable[int] | None = None) -> None:
        """Raise `Refused` unless it is allowed."""
        policy.require(self.visitor, action, collections)

    def in_collections(self, action: str, names: Iterable[str]) -> None:
        """Raise `Refused` unless it is allowed in these collections, `NotThere` for hidden ones."""
        self.require(action, [self.collection(name) for name in names])

    def with_document(self, action: str, name: str) -> None:
        """Raise `Refused` unless it is allowed in every collection that a document is in."""
        self.refuse_hidden([name])
        self.require(action, self.library.collections.ids_of_document(name))

    def note(self, action: str, what: str) -> None:
        """Write into the audit log what was done."""
        people.record(self.library, self.account, action, what)

    # What can be seen

    @property
    def ids(self) -> frozenset[int]:
        """The numbers of the collections that can be seen."""
        return self.visitor.within(Role.VIEWER, self.library.collections.by_id())

    def collection(self, name: str) -> int:
        """Return the number of a collection; raises `NotThere` if it cannot be seen."""
        known = {held: key for key, held in self.library.collections.by_id().items()}
        key = known.get(name)
        if key is None or self.visitor.role(key) < Role.VIEWER:
            raise NotThere(f"there is no collection {name!r} in the library")
        return key

    @property
    def names(self) -> frozenset[str]:
        """The names of the documents that can be seen, of all versions and states."""
        ids, ready, now = self.ids, self.library.index.catalogue.ready(), time.monotonic()
        with _keeping:
            kept = _names.setdefault(self.library.accounts, {})
            found = kept.get(ids)
            if found and found[0] is ready and now - found[1] < NAMES_SECONDS:
                return found[2]
        names = self.library.collections.documents_in(ids)
        with _keeping:
            kept[ids] = (ready, now, names)
            while len(kept) > 100:
                kept.pop(next(iter(kept)))
        return names

    def sees(self, name: str) -> bool:
        """Return whether a document can be seen."""
        return self.visitor.sees_all or name in self.names

    def seen(self, documents: Sequence[Document]) -> list[Document]:
        """Return those of the documents that can be seen."""
        if self.visitor.sees_all:
            return list(documents)
        names = self.names
        return [document for document in documents if document.name in names]

    def refuse_hidden(self, names: Iterable[str]) -> None:
        """Raise `NotThere` for a document that cannot be seen; it is as if it did not exist."""
        for name in names:
            if not self.sees(name):
                raise NotThere(f"there is no document {name!r} in the library")


class Part:
    """A part of a member's library: what it does not define is refused, whoever asks.

    ``passes`` names what of the part beneath is handed through as it is.
    """

    passes: frozenset[str] = frozenset()

    def __init__(self, rights: Rights, beneath: Callable[[], Any]) -> None:
        self._rights = rights
        self._beneath = beneath

    def __getattr__(self, name: str) -> Any:
        if name in type(self).passes:
            return getattr(self._beneath(), name)
        if name.startswith("__"):
            raise AttributeError(name)
        if self._rights.visitor.is_admin:
            return getattr(self._beneath(), name)
        raise Refused(policy.refusal(name))
