"""OpenAI's vector stores: each collection is one, by its name; searching it reranks too."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from rag.errors import RanklensError
from rag.types import Hit, Trace
from ranklens import Document, Library
from ranklens.evidence import passages, relevances_of
from serve.bodies import ApiRoute
from serve.compatible.pipelines import OWN, options_of
from serve.dependencies import Opened
from serve.work import in_thread

router = APIRouter(prefix="/v1/vector_stores", tags=["compatible"], route_class=ApiRoute)
KEYS = {"filename": "documents", "file_id": "documents", "type": "types"}


class ComparisonFilter(BaseModel):
    """Documents by name (`filename`) or type (`type`): equal to a value, or in a list of them."""

    type: Literal["eq", "in"]
    key: Literal["filename", "file_id", "type"]
    value: str | list[str]


class RankingOptions(BaseModel):
    """Whether to rerank, and the least score of a result."""

    ranker: str = Field("auto", description="`none`, `auto` (the library's), or a pipeline.")
    score_threshold: float = Field(0.0, ge=0, le=1)


class StoreSearchBody(BaseModel):
    """A request of OpenAI's vector store search."""

    query: str | Annotated[list[str], Field(min_length=1, max_length=1)]
    max_num_results: int = Field(10, ge=1, le=50)
    filters: ComparisonFilter | None = None
    ranking_options: RankingOptions | None = None
    rewrite_query: bool = Field(False, description="Not looked at: the question is not rewritten.")


class StoreText(BaseModel):
    """The text of a passage."""

    type: Literal["text"] = "text"
    text: str


class StoreResult(BaseModel):
    """A passage: its document, its relevance from 0 to 1, and where it stood at every stage."""

    file_id: str
    filename: str
    score: float
    attributes: dict[str, str | float | bool]
    content: list[StoreText]


class StoreResults(BaseModel):
    """Passages, best first."""

    object: Literal["vector_store.search_results.page"] = "vector_store.search_results.page"
    search_query: list[str]
    data: list[StoreResult]
    has_more: bool = False
    next_page: None = None
    trace_id: str


class FileCounts(BaseModel):
    """The store's documents by state."""

    in_progress: int
    completed: int
    failed: int
    cancelled: int = 0
    total: int


class VectorStore(BaseModel):
    """A collection as a store."""

    id: str
    object: Literal["vector_store"] = "vector_store"
    name: str
    created_at: int
    status: Literal["in_progress", "completed"]
    usage_bytes: int
    file_counts: FileCounts
    metadata: dict[str, str] = {}


class VectorStores(BaseModel):
    """The collections, the default one first."""

    object: Literal["list"] = "list"
    data: list[VectorStore]
    first_id: str
    last_id: str
    has_more: bool = False


@router.get("", summary="List the stores (OpenAI's API)")
def list_stores(library: Opened) -> VectorStores:
    """List the collections as stores."""
    stores = [_store(name, library.documents(name)) for name in library.collections.names()]
    return VectorStores(data=stores, first_id=stores[0].id, last_id=stores[-1].id)


@router.get("/{store}", summary="Show a store (OpenAI's API)")
def get_store(store: str, library: Opened) -> VectorStore:
    """Show a collection as a store, and how many documents it has."""
    return _store(store, library.documents(store))


@router.post("/{store}/search", summary="Search a store (OpenAI's API)")
async def search_store(
    store: str, body: StoreSearchBody, library: Opened, request: Request
) -> StoreResults:
    """Return the best passages for a query, with their rank and score at every stage."""
    query = body.query if isinstance(body.query, str) else body.query[0]
    ranking = body.ranking_options or RankingOptions.model_validate({})

    def work(stop: threading.Event) -> StoreResults:
        library.collections.id_of(store)
        options = {**_options(library, ranking.ranker), **_filters(body.filters)}
        options["top"] = body.max_num_results
        trace = library.search(query, collection=store, origin="api", stop=stop, **options)
        return StoreResults(
            search_query=[query],
            data=_results(trace, body.max_num_results, ranking.score_threshold),
            trace_id=library.recent_traces.keep(trace),
        )

    return await in_thread(request, work)


def _options(library: Library, ranker: str) -> dict[str, Any]:
    own = ranker == "auto" or ranker.startswith("default-")
    return options_of(library, OWN if own else ranker)


def _filters(filters: ComparisonFilter | None) -> dict[str, Any]:
    if filters is None:
        return {}
    if (filters.type == "in") != isinstance(filters.value, list):
        raise RanklensError(f"a filter {filters.type!r} compares with a list or with one value")
    values = filters.value if isinstance(filters.value, list) else [filters.value]
    return {KEYS[filters.key]: values}


def _results(trace: Trace, most: int, least: float) -> list[StoreResult]:
    found = []
    scores = relevances_of(trace)
    for passage in passages(trace, most):
        chunk, score = passage.hit.chunk, scores[passage.hit.rank - 1]
        if score >= least:
            result = StoreResult(
                file_id=chunk.document,
                filename=chunk.document,
                score=score,
                attributes=_attributes(passage.hit, passage.metadata),
                content=[StoreText(text=chunk.text)],
            )
            found.append(result)
    return found


def _attributes(hit: Hit, metadata: dict[str, Any]) -> dict[str, str | float | bool]:
    """Return what is known of a passage as the values that attributes may have."""
    chunk = hit.chunk
    found: dict[str, str | float | bool] = {
        "passage": chunk.id,
        "heading": " › ".join(chunk.heading)[:512],
        "rank": hit.rank,
        "raw_score": hit.score,
        "start": chunk.start,
        "end": chunk.end,
    }
    if chunk.page:
        found["page"] = chunk.page
    stages = [(name, one) for name, one in metadata["stages"].items() if one["rank"]]
    for name, standing in stages[:4]:
        found |= {f"{name}_rank": standing["rank"], f"{name}_score": standing["score"]}
    return found


def _store(name: str, documents: Sequence[Document]) -> VectorStore:
    ready = sum(document.status == "ready" for document in documents)
    failed = sum(document.status == "failed" for document in documents)
    under_way = len(documents) - ready - failed
    return VectorStore(
        id=name,
        name=name,
        created_at=int(min((one.added.timestamp() for one in documents), default=0)),
        status="in_progress" if under_way else "completed",
        usage_bytes=sum(document.size for document in documents),
        file_counts=FileCounts(
            in_progress=under_way, completed=ready, failed=failed, total=len(documents)
        ),
    )
