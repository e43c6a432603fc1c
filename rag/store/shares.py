"""Links that share one thing, to be read by whoever has the secret and an account.

Only a digest of the secret is kept.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import (
    Column,
    Engine,
    Float,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from rag.errors import NotThere, RanklensError
from rag.store.schema import metadata

SharedKind = Literal["conversation", "comparison", "evaluation", "votes"]
LARGEST_SHARE = 4_000_000  # characters

shares = Table(
    "shares",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("collection_id", Integer, nullable=False),
    Column("account", String, nullable=False, index=True),
    Column("made", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("revoked", Float),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class Share:
    """A link to one thing, without its secret. ``target`` is what is needed to show it."""

    id: int
    kind: SharedKind
    title: str
    target: Mapping[str, Any]
    collection_id: int
    account: str
    made: datetime
    expires: datetime
    revoked: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it can still be followed."""
        return self.revoked is None and self.expires > datetime.now(UTC)


class Shares:
    """The links of one library. Safe to use from threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def share(
        self, account: str, kind: SharedKind, title: str, target: Mapping[str, Any],
        collection_id: int, seconds: float,
    ) -> tuple[str, Share]:  # fmt: skip
        """Make a link; returns its secret, which is kept nowhere, and the link."""
        secret, now = secrets.token_urlsafe(32), time.time()
        held = json.dumps(target, ensure_ascii=False)
        if len(held) > LARGEST_SHARE:
            raise RanklensError("this is too large to be shared by a link; export it instead")
        row = {
            "digest": _digest(secret), "kind": kind, "title": title, "target": held,
            "collection_id": collection_id, "account": account, "made": now,
            "expires": now + seconds,
        }  # fmt: skip
        with self._engine.begin() as db:
            made = db.execute(insert(shares).values(**row).returning(shares.c.id)).scalar_one()
        return secret, self._share(made)

    def shared(self, account: str | None = None) -> list[Share]:
        """Return the links of all, or of one account, the newest first."""
        query = select(shares).order_by(shares.c.id.desc())
        if account is not None:
            query = query.where(shares.c.account == account)
        with self._engine.connect() as db:
            return [_share(row) for row in db.execute(query)]

    def followed(self, secret: str) -> Share | None:
        """Return what a link's secret stands for; None if it is revoked, over, or never was."""
        with self._engine.connect() as db:
            row = db.execute(select(shares).where(shares.c.digest == _digest(secret))).first()
        found = _share(row) if row else None
        return found if found and found.open else None

    def unshare(self, share_id: int, account: str | None = None) -> Share:
        """Make a link useless, one of ``account`` if it is given; raises `NotThere`."""
        found = next((one for one in self.shared(account) if one.id == share_id), None)
        if found is None:
            raise NotThere(f"there is no link {share_id}")
        with self._engine.begin() as db:
            gone = update(shares).where(shares.c.id == share_id, shares.c.revoked.is_(None))
            db.execute(gone.values(revoked=time.time()))
        return self._share(share_id)

    def _share(self, share_id: int) -> Share:
        with self._engine.connect() as db:
            return _share(db.execute(select(shares).where(shares.c.id == share_id)).one())


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _share(row: Row[Any]) -> Share:
    revoked = None if row.revoked is None else _utc(row.revoked)
    return Share(
        row.id, row.kind, row.title, json.loads(row.target), row.collection_id, row.account,
        _utc(row.made), _utc(row.expires), revoked,
    )  # fmt: skip
