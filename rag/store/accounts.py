"""Who may use a library: accounts, what each may do where, and the log of what they changed.

An account has no password here: whoever signs people in (`ui/shared/visitor.py`) gives its name.
What a role may do is decided by `ranklens.policy` alone.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import Boolean as Bool
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    Row,
    String,
    Table,
    Text,
    delete,
    false,
    insert,
    select,
    update,
)

from rag.errors import NotThere, RanklensError
from rag.store.schema import metadata

RoleName = Literal["viewer", "judge", "editor", "admin"]
ROLES: tuple[RoleName, ...] = get_args(RoleName)
EVERYONE = "*"
"""The account of grants that hold for everybody who has signed in."""
ALL = 0
"""The number that stands for all collections, those of later too."""
LONGEST = 200  # characters of an account's name
SEEN_EVERY = 600.0  # seconds between notes of when an account was last seen

accounts = Table(
    "accounts",
    metadata,
    Column("name", String, primary_key=True),
    Column("made", Float, nullable=False),
    Column("seen", Float),
    Column("blocked", Bool, nullable=False, server_default=false()),
)

# No foreign key to the collection: its numbers are never given again, and 0 stands for all.
grants = Table(
    "grants",
    metadata,
    Column("account", String, primary_key=True),
    Column("collection_id", Integer, primary_key=True, autoincrement=False),
    Column("role", String, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False, index=True),
    Column("account", String, nullable=False),
    Column("action", String, nullable=False),
    Column("what", Text, nullable=False),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who signed in, or was granted something. ``seen`` is exact to ten minutes."""

    name: str
    made: datetime
    seen: datetime | None = None
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """A role of an account (or `EVERYONE`) in a collection (or `ALL`)."""

    account: str
    collection_id: int
    role: RoleName


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What somebody did, in words; ``account`` is empty for the owner's command line."""

    at: datetime
    account: str
    action: str
    what: str


class Accounts:
    """Accounts, grants and the audit log of one library. Safe to use from threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # Accounts

    def all(self) -> list[Account]:
        """Return every account by name."""
        with self._engine.connect() as db:
            return [_account(row) for row in db.execute(select(accounts).order_by(accounts.c.name))]

    def find(self, name: str) -> Account | None:
        """Return an account, None if there is none of that name."""
        with self._engine.connect() as db:
            row = db.execute(select(accounts).where(accounts.c.name == name)).first()
        return _account(row) if row else None

    def note(self, name: str) -> None:
        """Note that somebody signed in; an unknown account is made, without any right."""
        now, found = time.time(), self.find(name)
        if found and found.seen and now - found.seen.timestamp() < SEEN_EVERY:
            return
        with self._engine.begin() as db:
            _ensure(db, name)
            db.execute(update(accounts).where(accounts.c.name == name).values(seen=now))

    def block(self, name: str, blocked: bool = True) -> None:
        """Take all rights of an account, or give them back; raises `NotThere`."""
        with self._engine.begin() as db:
            changed = update(accounts).where(accounts.c.name == name).values(blocked=blocked)
            if not db.execute(changed).rowcount:
                raise NotThere(f"there is no account {name!r}; `ranklens users` lists them")

    # Grants

    def grants(self, names: Iterable[str] | None = None) -> list[Grant]:
        """Return the grants of all, or of these accounts."""
        query = select(grants).order_by(grants.c.account, grants.c.collection_id)
        if names is not None:
            query = query.where(grants.c.account.in_(list(names)))
        with self._engine.connect() as db:
            return [Grant(row.account, row.collection_id, row.role) for row in db.execute(query)]

    def grant(self, name: str, collection_id: int, role: RoleName) -> None:
        """Give an account a role in a collection, in place of the one that it had there."""
        name = checked_name(name)
        if role not in ROLES:
            raise RanklensError(f"{role!r} is no role; there are {', '.join(ROLES)}")
        if role == "admin" and (collection_id != ALL or name == EVERYONE):
            raise RanklensError("an admin is one account, in all collections")
        with self._engine.begin() as db:
            if name != EVERYONE:
                _ensure(db, name)
            db.execute(_grant_of(name, collection_id))
            row = {"account": name, "collection_id": collection_id, "role": role}
            db.execute(insert(grants).values(**row))

    def revoke(self, name: str, collection_id: int | None = None) -> int:
        """Take an account's role in a collection, or all its roles; returns how many it had."""
        with self._engine.begin() as db:
            return db.execute(_grant_of(name, collection_id)).rowcount

    # The audit log

    def record(self, account: str, action: str, what: str) -> None:
        """Write down what somebody did."""
        row = {"at": time.time(), "account": account, "action": action, "what": what}
        with self._engine.begin() as db:
            db.execute(insert(audit_log).values(**row))

    def audit(self, most: int = 1000) -> list[AuditEntry]:
        """Return the last entries, the newest first."""
        query = select(audit_log).order_by(audit_log.c.id.desc()).limit(most)
        with self._engine.connect() as db:
            return [
                AuditEntry(_utc(row.at), row.account, row.action, row.what)
                for row in db.execute(query)
            ]


def checked_name(name: str) -> str:
    """Return an account's name as it is kept: in lower case; raises `RanklensError`.

    Names that can be written in two ways (strauß and strauss, ſam and sam) are refused: one account
    could be taken for the other.
    """
    name = name.strip().lower()
    if not name or len(name) > LONGEST or not name.isprintable():
        raise RanklensError(f"an account's name has 1 to {LONGEST} printable characters")
    if name != name.casefold() or name != unicodedata.normalize("NFKC", name):
        raise RanklensError(f"the account's name {name!r} can be written in another way; use that")
    return name


def _ensure(db: Connection, name: str) -> None:
    if db.execute(select(accounts.c.name).where(accounts.c.name == name)).first() is None:
        db.execute(insert(accounts).values(name=name, made=time.time(), blocked=False))


def _grant_of(name: str, collection_id: int | None) -> Any:
    gone = delete(grants).where(grants.c.account == name)
    return gone if collection_id is None else gone.where(grants.c.collection_id == collection_id)


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _account(row: Row[Any]) -> Account:
    return Account(
        row.name, _utc(row.made), None if row.seen is None else _utc(row.seen), bool(row.blocked)
    )
