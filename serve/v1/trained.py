"""Versions of rerankers that were trained on judgements: shown, adopted, taken back."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from ranklens.trained import TrainedKind
from serve.bodies import CollectionName
from serve.dependencies import Opened

Shown = TypeVar("Shown")


class TrainBody(BaseModel):
    """What a reranker is trained on, and what it is compared with."""

    model_config = ConfigDict(extra="forbid")

    questions: str | list[str] = Field(description="A set's name, or the questions themselves.")
    pipeline: str = Field("current", description="What it is compared with.")
    limit: int | None = Field(None, ge=1, description="The first questions only.")
    collection: CollectionName = ""


class AdoptBody(BaseModel):
    """The version that is to rank; the newest if none is given."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(None, ge=1)


class VersionsState(BaseModel, Generic[Shown]):
    """The versions of the library, oldest first, and the one in use."""

    versions: list[Shown]
    in_use: int | None


def add_versions(router: APIRouter, kind: TrainedKind[Any], state: type[BaseModel]) -> None:
    """Add the routes of a kind's versions; ``state`` is a `VersionsState` of them."""

    def now(library: Opened) -> dict[str, Any]:
        used = kind.adopted(library)
        return {"versions": kind.versions(library), "in_use": used.version if used else None}

    @router.get("", response_model=state)
    def show_versions(library: Opened) -> dict[str, Any]:
        """Show the versions, what each gains, and which is in use."""
        return now(library)

    @router.post("/adoptions", status_code=201, response_model=state)
    def adopt(body: AdoptBody, library: Opened) -> dict[str, Any]:
        """Have a version rank, if its gain is shown; the reranker `auto` takes it from now on."""
        kind.adopt(library, body.version)
        return now(library)

    @router.delete("/adoptions", response_model=state)
    def back(library: Opened) -> dict[str, Any]:
        """Take the last adoption back."""
        kind.back(library)
        return now(library)
