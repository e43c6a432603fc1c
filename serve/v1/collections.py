"""Collections: the parts of the library that questions are asked within."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from ranklens import Document, Library
from serve.bodies import ApiRoute
from serve.dependencies import Opened

router = APIRouter(prefix="/v1/collections", tags=["collections"], route_class=ApiRoute)

NewName = Annotated[str, Field(min_length=1, max_length=200)]


class CollectionState(BaseModel):
    """A collection and the number of its documents, those that wait or failed too."""

    name: str
    documents: int


class CollectionBody(BaseModel):
    """The name of a collection: no slashes, at most 80 characters."""

    model_config = ConfigDict(extra="forbid")

    name: NewName


class CollectedNames(BaseModel):
    """Documents by their whole names."""

    model_config = ConfigDict(extra="forbid")

    names: list[str] = Field(max_length=100_000)


@router.get("")
def list_collections(library: Opened) -> list[CollectionState]:
    """List the collections, the default one first."""
    return [CollectionState(**asdict(one)) for one in library.collections.all()]


@router.post("", status_code=201)
def make_collection(body: CollectionBody, library: Opened) -> CollectionState:
    """Make an empty collection."""
    return CollectionState(name=library.collections.make(body.name), documents=0)


@router.get("/{collection}")
def show_collection(collection: str, library: Opened) -> CollectionState:
    """Show a collection."""
    return _state(library, collection)


@router.put("/{collection}")
def rename_collection(collection: str, body: CollectionBody, library: Opened) -> CollectionState:
    """Rename a collection; its conversations and question sets stay with it."""
    return _state(library, library.collections.rename(collection, body.name))


@router.delete("/{collection}", status_code=204, response_class=Response)
def remove_collection(collection: str, library: Opened) -> None:
    """Remove a collection; documents that are in no other one go to the default."""
    library.collections.remove(collection)


@router.get("/{collection}/documents")
def list_collected(collection: str, library: Opened) -> list[Document]:
    """List the documents of a collection."""
    return library.documents(collection)


@router.post("/{collection}/documents")
def put_documents(collection: str, body: CollectedNames, library: Opened) -> CollectionState:
    """Put documents into a collection; they stay in their others too."""
    library.collections.put(collection, body.names)
    return _state(library, collection)


@router.delete("/{collection}/documents/{name:path}", status_code=204, response_class=Response)
def take_document(collection: str, name: str, library: Opened) -> None:
    """Take a document out of a collection; one that is in no other goes to the default."""
    library.collections.take(collection, [name])


def _state(library: Library, name: str) -> CollectionState:
    return CollectionState(name=name, documents=len(library.collections.members(name)))
