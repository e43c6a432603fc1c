"""Keys of the HTTP API: who may do what. A key itself is kept nowhere, only its digest.

A key is 256 random bits, so a plain SHA-256 of it cannot be turned back by trying; a slow hash
is for passwords that people think of.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, get_args

from sqlalchemy import (
    Column,
    Engine,
    Float,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, OperationalError

from rag.errors import NotThere, RanklensError, StorageError
from rag.store.schema import metadata

log = logging.getLogger(__name__)

KeyScope = Literal["read", "write", "admin"]
SCOPES: tuple[KeyScope, ...] = get_args(KeyScope)
LONGEST = 80  # characters of a name
BEGINS = "rl"
USED_EVERY = 60.0  # seconds between notes of a key's last use: not every request is to write

_IN_USE = text("revoked IS NULL")
table = Table(
    "api_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("public", String, nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False),
    Column("made", Float, nullable=False),
    Column("used", Float),
    Column("revoked", Float),
    Column("account", String, nullable=False, server_default=""),
    Index("api_keys_in_use", "name", unique=True, sqlite_where=_IN_USE, postgresql_where=_IN_USE),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. ``public`` are its first characters, by which it is recognised.

    ``used`` is when it was last used, to a minute. A name can be given again once its key is
    revoked. ``account`` is whose it is; empty for one that was made without sign-in.
    """

    name: str
    scope: KeyScope
    public: str
    made: datetime
    used: datetime | None = None
    revoked: datetime | None = None
    account: str = ""


class ApiKeys:
    """The keys of one library, in the catalogue's file. Other programs may have it open too."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, name: str, scope: KeyScope = "read", account: str = "") -> tuple[str, ApiKey]:
        """Make a key and return it, the only time that it is shown; raises `RanklensError`."""
        name = " ".join(name.split())
        if not name or len(name) > LONGEST or not name.isprintable():
            raise RanklensError(f"a key needs a name of 1 to {LONGEST} printable characters")
        if scope not in SCOPES:
            raise RanklensError(f"{scope!r} is no scope of a key; there are {', '.join(SCOPES)}")
        public = f"{BEGINS}_{secrets.token_hex(4)}"
        key = f"{public}_{secrets.token_urlsafe(32)}"
        row = {"name": name, "scope": scope, "public": public, "digest": _digest(key)}
        row |= {"account": account}
        try:
            with self._engine.begin() as db:
                db.execute(insert(table).values(row | {"made": time.time()}))
        except IntegrityError:
            raise RanklensError(f"there is a key {name!r} already; choose another name") from None
        return key, self._named(name)

    def all(self) -> list[ApiKey]:
        """Return every key, revoked ones too, in the order in which they were made."""
        with self._engine.connect() as db:
            return [_key(row) for row in db.execute(select(table).order_by(table.c.id))]

    def none(self) -> bool:
        """Whether no key was ever made; a revoked one counts, so that revoking opens nothing."""
        with self._engine.connect() as db:
            return db.execute(select(table.c.id).limit(1)).first() is None

    def revoke(self, name: str) -> ApiKey:
        """Make a key useless from now on; raises `NotThere` if none of that name is in use."""
        found = self._named(name)
        now = time.time()
        with self._engine.begin() as db:
            db.execute(update(table).where(table.c.public == found.public).values(revoked=now))
        return replace(found, revoked=datetime.fromtimestamp(now, UTC))

    def find(self, key: str) -> ApiKey | None:
        """Return what a caller's key stands for and note its use; None if it is not valid."""
        public = "_".join(key.split("_", 2)[:2])
        with self._engine.connect() as db:
            row = db.execute(select(table).where(table.c.public == public)).first()
        if row is None or not hmac.compare_digest(row.digest, _digest(key)) or row.revoked:
            return None
        if row.used is None or time.time() - row.used >= USED_EVERY:
            self._note_use(row.id)
        return _key(row)

    def _note_use(self, key_id: int) -> None:
        try:
            with self._engine.begin() as db:
                db.execute(update(table).where(table.c.id == key_id).values(used=time.time()))
        except (StorageError, OperationalError) as error:  # the key is valid all the same
            log.warning("the last use of a key could not be noted: %s", error)

    def _named(self, name: str) -> ApiKey:
        in_use = select(table).where(table.c.name == name, table.c.revoked.is_(None))
        with self._engine.connect() as db:
            row = db.execute(in_use).first()
        if row is None:
            known = ", ".join(key.name for key in self.all() if not key.revoked) or "none"
            raise NotThere(f"there is no key {name!r} in use (there are: {known})")
        return _key(row)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _key(row: Row[tuple[object, ...]]) -> ApiKey:
    made, used, revoked = (
        None if at is None else datetime.fromtimestamp(at, UTC)
        for at in (row.made, row.used, row.revoked)
    )
    assert made  # noqa: S101 - the column is not null
    return ApiKey(row.name, row.scope, row.public, made, used, revoked, row.account)
