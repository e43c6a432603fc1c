"""Links to one conversation, evaluation, ranking or count of votes; made, followed, revoked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from annotated_types import Ge, Le
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from ranklens import sharing
from serve.bodies import ApiRoute, CollectionName
from serve.dependencies import Opened

router = APIRouter(prefix="/v1", tags=["shares"], route_class=ApiRoute)

Id = Annotated[int, Ge(1), Le(2**53)]


class ShareBody(BaseModel):
    """What is to be shared: its kind, its id, and for how long."""

    model_config = ConfigDict(extra="forbid")

    kind: sharing.SharedKind
    id: str = Field(
        "",
        max_length=100,
        description="Of a conversation, evaluation, kept trace or round of votes (empty: all).",
    )
    days: float = Field(7.0, gt=0, le=sharing.MOST_DAYS)
    collection: CollectionName = ""


class ShareState(BaseModel):
    """A link without its secret."""

    id: int
    kind: sharing.SharedKind
    title: str
    account: str
    made: datetime
    expires: datetime
    revoked: datetime | None

    @classmethod
    def of(cls, one: sharing.Share) -> ShareState:
        """Describe a link."""
        return cls(
            id=one.id, kind=one.kind, title=one.title, account=one.account, made=one.made,
            expires=one.expires, revoked=one.revoked,
        )  # fmt: skip


class NewShare(ShareState):
    """A link that was made; `secret` is shown this once: `GET /v1/shared/{secret}`."""

    secret: str


class SharedState(BaseModel):
    """What a link shows."""

    kind: sharing.SharedKind
    title: str
    account: str
    expires: datetime
    shown: Mapping[str, Any]


@router.post("/shares", status_code=201)
def make_share(body: ShareBody, library: Opened) -> NewShare:
    """Share one thing by a link, to be read only, by whoever has an account and the link."""
    secret, made = sharing.share(library, body.kind, body.id, body.days, body.collection)
    return NewShare(secret=secret, **ShareState.of(made).model_dump())


@router.get("/shares")
def list_shares(library: Opened) -> list[ShareState]:
    """List your links, the newest first; an administrator's list has all."""
    return [ShareState.of(one) for one in sharing.shared(library)]


@router.delete("/shares/{share}", status_code=204, response_class=Response)
def revoke_share(share: Id, library: Opened) -> None:
    """Revoke a link, at once and for good."""
    sharing.unshare(library, share)


@router.get("/shared/{secret}")
def follow_share(secret: str, library: Opened) -> SharedState:
    """Show what a link shares, as long as the one who shared it may see it."""
    found = sharing.follow(library, secret)
    return SharedState(
        kind=found.kind, title=found.title, account=found.account, expires=found.expires,
        shown=found.shown,
    )  # fmt: skip
