"""Documents: what is in the library, adding and removing, and how far indexing is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from rag.errors import DocumentError
from ranklens import Chunk, Document, FileOutcome, IndexingProgress, Library, inspecting
from serve.bodies import ApiRoute
from serve.dependencies import Opened
from serve.events import EVENTS, admit, follow, stream

router = APIRouter(prefix="/v1", tags=["documents"], route_class=ApiRoute)

Files = Annotated[list[UploadFile], File(description="One or more documents.")]
Password = Annotated[str, Form(description="Opens encrypted PDF files; it is not stored.")]
Collection = Annotated[str, Query(description="Only the documents of this collection.")]
Into = Annotated[
    str, Form(description="A collection that they are put into; without one, the default.")
]
Name = Annotated[str, Query(min_length=1, description="A document, as the list names it.")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


class Names(BaseModel):
    """Documents by their names; none stands for all."""

    names: list[str] = []


class ExtractedText(BaseModel):
    """A document's text, to whose characters the offsets of passages refer."""

    document: str
    text: str


@router.get("/documents")
def list_documents(library: Opened, collection: Collection = "") -> list[Document]:
    """List all documents by name, or those of a collection; those that wait or failed too."""
    return library.documents(collection)


@router.post("/documents", status_code=202)
def add_documents(
    library: Opened, files: Files, password: Password = "", collection: Into = ""
) -> list[FileOutcome]:
    """Add documents; each is queued, and indexed in the background.

    The same bytes are not added twice, and other bytes of a known name replace the old version
    once they are indexed. With accounts, bytes that are a document of others become one of yours
    (docs/security.md). A file that is refused is an outcome with the status `failed`.
    `GET /v1/indexing` shows how far the work is.
    """
    for one in files:
        if (one.filename or "").strip() in ("", ".", ".."):
            raise DocumentError("a file has no name; send one with its form field (filename)")
    return [
        library.enqueue_upload(one.filename or "", one.file, password, collection=collection)
        for one in files
    ]


@router.get("/documents/{name:path}")
def show_document(name: str, library: Opened) -> Document:
    """Show one document."""
    return library.document(name)


@router.delete("/documents/{name:path}", status_code=204, response_class=Response)
def remove_document(name: str, library: Opened) -> None:
    """Remove a document and all its passages."""
    library.remove(name)


@router.post("/reindex", status_code=202)
def reindex(body: Names, library: Opened) -> Names:
    """Read and index documents again, in the background; the old version answers meanwhile."""
    return Names(names=library.reindex(body.names))


@router.get("/text")
def show_text(document: Name, library: Opened) -> ExtractedText:
    """Show a document's extracted text."""
    return ExtractedText(document=document, text=library.text(document))


@router.get("/passages")
def list_passages(
    library: Opened, document: str = "", words: str = "", limit: Limit = 100, offset: Offset = 0
) -> list[Chunk]:
    """List a document's passages in reading order, or those that hold `words` best."""
    if document:
        return library.chunks(document)[offset : offset + limit]
    return inspecting.passages_with(library, words, offset + limit)[offset:]


@router.get("/passages/{passage}")
def show_passage(passage: str, library: Opened) -> Chunk:
    """Show one passage by its id (`chunk.id` in a trace)."""
    return inspecting.found_passage(library, passage)


@router.get("/indexing")
def show_indexing(library: Opened) -> IndexingProgress:
    """Show how far the running or last indexing is, and what became of each document."""
    return library.progress()


@router.get("/indexing/events", openapi_extra=EVENTS)
async def follow_indexing(library: Opened, request: Request) -> Response:
    """Follow indexing: an event `progress` at each change, and `done` once nothing waits."""
    admit(request)
    return stream(_indexing(library, request))


@router.delete("/indexing", status_code=204, response_class=Response)
def stop_indexing(library: Opened) -> None:
    """Stop after the current batch; what is left waits until `POST`, or something is added."""
    library.stop_work()


@router.post("/indexing", status_code=202)
def resume_indexing(library: Opened) -> IndexingProgress:
    """Go on with what was stopped, in the background."""
    library.resume_work()
    return library.progress()


async def _indexing(library: Library, request: Request) -> AsyncIterator[bytes]:
    def look() -> tuple[bool, object]:
        progress = library.progress()
        rests = progress.waits or progress.stopped
        ends = rests or not (progress.running or library.unfinished())
        return ends, asdict(progress)

    async for event in follow(request, "indexing", lambda: run_in_threadpool(look)):
        yield event
