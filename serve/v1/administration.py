"""What only an administrator may do: keys, settings, models, and the soundness of the library."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from rag.settings import settings_table
from ranklens import IndexReport, doctor
from ranklens.keys import ApiKey, KeyScope
from serve.bodies import ApiRoute
from serve.dependencies import Opened

router = APIRouter(prefix="/v1", tags=["administration"], route_class=ApiRoute)


class KeyBody(BaseModel):
    """A key that is to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80, description="Who it is for.")
    scope: KeyScope = "read"


class NewKey(BaseModel):
    """A key that was made; `key` is shown this once and kept nowhere."""

    key: str
    name: str
    scope: KeyScope


class Fact(BaseModel):
    """Something about this machine or library."""

    what: str
    here: str


@router.get("/keys")
def list_keys(library: Opened) -> list[ApiKey]:
    """List all keys, revoked ones too; none shows its secret."""
    return library.keys.all()


@router.post("/keys", status_code=201)
def add_key(body: KeyBody, library: Opened) -> NewKey:
    """Make a key. With the first one, every request begins to need a key."""
    key, made = library.keys.add(body.name, body.scope)
    return NewKey(key=key, name=made.name, scope=made.scope)


@router.delete("/keys/{name:path}", status_code=204, response_class=Response)
def revoke_key(name: str, library: Opened) -> None:
    """Make a key useless, at once and for good."""
    library.keys.revoke(name)


@router.get("/settings")
def show_settings(library: Opened) -> dict[str, str]:
    """Show every option with its value; keys of providers only as set or not set."""
    return {name: value for name, value, _, _ in settings_table(library.settings)}


@router.get("/doctor")
def show_doctor(library: Opened) -> list[Fact]:
    """Show what runs here: machine, engine and why, versions, models, the library."""
    return [Fact(what=what, here=here) for what, here in doctor.facts(library.settings)]


@router.post("/verify")
def verify(library: Opened) -> IndexReport:
    """Check the indexes against the catalogue."""
    return library.verify()


@router.post("/rebuild")
def rebuild(library: Opened) -> IndexReport:
    """Build the indexes again from the catalogue, without encoding anything."""
    return library.rebuild()
