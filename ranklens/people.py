"""Who uses a library: accounts with their rights, grants, and the log of what they changed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy.exc import SQLAlchemyError

from rag.errors import StorageError
from rag.settings import Settings
from rag.store.accounts import (
    ALL,
    EVERYONE,
    ROLES,
    Account,
    Accounts,
    AuditEntry,
    Grant,
    RoleName,
    checked_name,
)
from rag.store.collections import Collections
from ranklens.catalogues import catalogue_of
from ranklens.policy import NOBODY, Role, Visitor

if TYPE_CHECKING:
    from ranklens.library import Library
    from ranklens.records import Records

__all__ = ["ALL", "EVERYONE", "ROLES", "Account", "AuditEntry", "RoleName", "checked_name"]

log = logging.getLogger(__name__)

RIGHTS_SECONDS = 5.0  # for which the rights of an account are kept
EVERYWHERE = "all collections"  # how `ALL` is written
_rights: WeakKeyDictionary[Accounts, dict[str, tuple[float, Visitor]]] = WeakKeyDictionary()
_keeping = threading.Lock()


@dataclass(frozen=True, slots=True)
class GrantedRole:
    """A grant in words. ``fixed`` stands in the settings, so it is changed there."""

    account: str
    collection: str
    role: RoleName
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """Accounts and grants of one library, for who may manage them."""

    accounts: Accounts
    collections: Collections

    def listed(self) -> list[GrantedRole]:
        """Return every grant, with the collection's name."""
        names = {**self.collections.by_id(), ALL: EVERYWHERE}
        return [
            GrantedRole(one.account, names[one.collection_id], one.role)
            for one in self.accounts.grants()
            if one.collection_id in names
        ]

    def grant(self, account: str, role: RoleName, collection: str = "", by: str = "") -> None:
        """Give an account a role in a collection, or in all of them; ``by`` is who did it.

        Raises `NotThere` if there is no such collection.
        """
        key = self.collections.id_of(collection) if collection else ALL
        self.accounts.grant(account, key, role)
        where = collection or EVERYWHERE
        self.accounts.record(by, "granted", f"{checked_name(account)}: {role} in {where}")
        forget_rights()

    def revoke(self, account: str, collection: str | None = None, by: str = "") -> int:
        """Take a role in a collection (empty: the one in all of them), or every role."""
        account = checked_name(account)
        key = None
        if collection is not None:
            key = self.collections.id_of(collection) if collection else ALL
        count = self.accounts.revoke(account, key)
        where = "everywhere" if collection is None else collection or EVERYWHERE
        self.accounts.record(by, "revoked", f"{account}: {where}")
        forget_rights()
        return count

    def block(self, account: str, blocked: bool = True, by: str = "") -> None:
        """Take all rights of an account, or give them back; raises `NotThere`."""
        self.accounts.block(checked_name(account), blocked)
        self.accounts.record(by, "blocked" if blocked else "unblocked", account)
        forget_rights()


def people(library: Records) -> People:
    """Return the people of an open library; who may manage them is the caller's to check."""
    return People(library.accounts, library.collections)


@contextmanager
def people_of(settings: Settings) -> Iterator[People]:
    """Yield the people of a library that another process may have open.

    Raises `LibraryError` if there is no library.
    """
    with catalogue_of(settings) as catalogue:
        yield People(Accounts(catalogue.engine), Collections(catalogue))


def visitor(library: Library | Records, account: str) -> Visitor:
    """Return an account with its rights, which are `RIGHTS_SECONDS` old at most."""
    now = time.monotonic()
    with _keeping:
        kept = _rights.setdefault(library.accounts, {})
        found = kept.get(account)
        if found and now - found[0] < RIGHTS_SECONDS:
            return found[1]
    made = _looked_up(library, account)
    with _keeping:
        kept[account] = (now, made)
        while len(kept) > 10_000:
            kept.pop(next(iter(kept)))
    return made


def forget_rights() -> None:
    """Have rights looked up anew: something was granted or revoked in this process."""
    with _keeping:
        _rights.clear()


def _looked_up(library: Library | Records, account: str) -> Visitor:
    if not account:
        return NOBODY
    held = library.accounts.find(account)
    if held and held.blocked:
        return Visitor(account)
    roles = _roles(library.accounts.grants([account, EVERYONE]))
    if account in library.settings.admin_accounts():
        roles[ALL] = Role.ADMIN
    return Visitor(account, roles)


def _roles(grants: Sequence[Grant]) -> dict[int, Role]:
    roles: dict[int, Role] = {}
    for one in grants:
        role = Role[one.role.upper()]
        roles[one.collection_id] = max(role, roles.get(one.collection_id, Role.NONE))
    return roles


# The audit log


def record(library: Library | Records, account: str, action: str, what: str) -> None:
    """Write down what somebody did; it is done already, so a full disk is a line in the log."""
    try:
        library.accounts.record(account, action, what)
    except (SQLAlchemyError, StorageError) as error:
        log.warning("the audit log could not be written (%s): %s %s", error, account, action)


def audit_as_csv(entries: Sequence[AuditEntry]) -> str:
    """Return entries of the audit log as a CSV file, safe to open in a spreadsheet."""
    from rag.evaluate.judgements.files import written

    columns = ("time", "account", "action", "what")
    rows = (
        {"time": one.at.timestamp(), "account": one.account, "action": one.action,
         "what": one.what}
        for one in entries
    )  # fmt: skip
    return written(columns, rows)
