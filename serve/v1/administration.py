"""What only an administrator may do: keys, settings, models, folders, soundness of the library."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from rag.settings import settings_table
from ranklens import doctor, upkeep
from ranklens.keys import ApiKey, KeyScope
from serve.bodies import ApiRoute
from serve.dependencies import Opened
from serve.v1.jobs import JobState

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


class FolderBody(BaseModel):
    """A folder of the server's machine, with a password that opens encrypted PDF files."""

    model_config = ConfigDict(extra="forbid")

    folder: str = Field(min_length=1, max_length=4096, description="The whole path.")
    password: str = Field("", description="It is not stored.")
    collection: str = Field("", max_length=200, description="One that they are put into.")


class ModelBody(BaseModel):
    """A model that is to be downloaded."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(
        min_length=1, max_length=200, description="A name of `ranklens models`, or owner/name."
    )


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


@router.get("/folders")
def list_folders(library: Opened) -> list[str]:
    """List the folders of the server's machine below which documents may be added from."""
    return [str(folder) for folder in library.settings.folders()]


@router.post("/folders", status_code=202)
def add_folder(body: FolderBody, library: Opened) -> JobState:
    """Add the documents of a folder of the server's machine, as a job; indexing goes on behind.

    It must be in a folder that the owner named (option `api_folders`). Links in it are skipped.
    """
    return JobState.of(upkeep.add_folder(library, body.folder, body.password, body.collection))


@router.post("/downloads", status_code=202)
def pull(body: ModelBody, library: Opened) -> JobState:
    """Download a model from the hub, as a job."""
    return JobState.of(upkeep.pull(library, body.model))


@router.post("/verify", status_code=202)
def verify(library: Opened) -> JobState:
    """Check the indexes against the catalogue, as a job."""
    return JobState.of(upkeep.verify(library))


@router.post("/rebuild", status_code=202)
def rebuild(library: Opened) -> JobState:
    """Build the indexes again from the catalogue, as a job; nothing is encoded."""
    return JobState.of(upkeep.rebuild(library))
