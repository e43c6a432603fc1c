"""Rerank routes: Cohere's, Jina's and that of Text Embeddings Inference, over one use case.

``/v1/rerank`` answers Jina's clients and those of Cohere's first version alike: their requests are
the same, and each finds what it reads in the reply.
"""

from __future__ import annotations

import threading
import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, field_validator

from rag.text.plural import plural
from ranklens import Reranking
from ranklens.reranking import RankedText
from serve.bodies import ApiRoute
from serve.compatible.pipelines import ModelName, options_of
from serve.dependencies import Opened
from serve.work import in_thread

router = APIRouter(tags=["compatible"], route_class=ApiRoute)
Query = Annotated[str, Field(min_length=1)]
Top = Annotated[int | None, Field(ge=1, description="How many of the best to return; all if null.")]


class RelevantText(BaseModel):
    """The text of a result."""

    text: str


class CohereBody(BaseModel):
    """A request of Cohere's Rerank, version 2. Texts are read as far as the model reads."""

    model: ModelName
    query: Query
    documents: Annotated[list[str], Field(min_length=1)]
    top_n: Top = None
    relevant_spans: None = Field(None, description="Not supported.")


class CohereResult(BaseModel):
    """A document's place in the request, and its relevance from 0 to 1."""

    index: int
    relevance_score: float


class CohereMeta(BaseModel):
    """What is worth knowing about a ranking."""

    api_version: dict[str, str]
    warnings: list[str] = []


class CohereReply(BaseModel):
    """Documents, best first."""

    id: str
    results: list[CohereResult]
    meta: CohereMeta


class JinaBody(BaseModel):
    """A request of Jina's reranker, or of Cohere's Rerank in its first version."""

    model: ModelName = ""
    query: Query
    documents: Annotated[list[str | RelevantText], Field(min_length=1)]
    top_n: Top = None
    return_documents: bool = True

    @field_validator("query", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        """Take the query as an object with a text, too."""
        return value.get("text", value) if isinstance(value, dict) else value


class JinaResult(CohereResult):
    """A document's place in the request, its relevance and, if wanted, its text."""

    document: RelevantText | None = None


class JinaUsage(BaseModel):
    """Tokens of query and documents, by the library's encoder."""

    prompt_tokens: int
    total_tokens: int


class JinaReply(BaseModel):
    """Documents, best first."""

    id: str
    model: str
    object: Literal["list"] = "list"
    results: list[JinaResult]
    usage: JinaUsage
    meta: CohereMeta


class TEIBody(BaseModel):
    """A request of Text Embeddings Inference. Without ``truncate`` texts must fit the model."""

    query: Query
    texts: Annotated[list[str], Field(min_length=1)]
    raw_scores: bool = Field(False, description="The reranker's own scores, not 0 to 1.")
    return_text: bool = False
    truncate: bool = False
    truncation_direction: Literal["right", "Right"] = "right"


class TEIRank(BaseModel):
    """A text's place in the request, and its score."""

    index: int
    text: str | None = None
    score: float


@router.post("/v2/rerank", summary="Rerank texts (Cohere's API)")
async def cohere(body: CohereBody, library: Opened, request: Request) -> CohereReply:
    """Rank documents for a query with the reranker that `model` names."""

    def work(stop: threading.Event) -> CohereReply:
        options = options_of(library, body.model)
        found = library.rerank(body.query, body.documents, top=body.top_n, stop=stop, **options)
        results = [
            CohereResult(index=one.index, relevance_score=one.relevance) for one in found.ranked
        ]
        return CohereReply(id=str(uuid.uuid4()), results=results, meta=_meta(found, "2"))

    return await in_thread(request, work)


@router.post("/v1/rerank", summary="Rerank texts (Jina's API)", response_model_exclude_none=True)
async def jina(body: JinaBody, library: Opened, request: Request) -> JinaReply:
    """Rank documents for a query with the reranker that `model` names."""
    texts = [one if isinstance(one, str) else one.text for one in body.documents]

    def work(stop: threading.Event) -> JinaReply:
        options = options_of(library, body.model)
        found = library.rerank(body.query, texts, top=body.top_n, stop=stop, **options)
        tokens = sum(library.encoder.count_tokens([body.query, *texts]))
        return JinaReply(
            id=str(uuid.uuid4()),
            model=found.reranker,
            results=[_jina_result(one, body.return_documents) for one in found.ranked],
            usage=JinaUsage(prompt_tokens=tokens, total_tokens=tokens),
            meta=_meta(found, "1"),
        )

    return await in_thread(request, work)


@router.post(
    "/rerank", summary="Rerank texts (Text Embeddings Inference)", response_model_exclude_none=True
)
async def tei(body: TEIBody, library: Opened, request: Request) -> list[TEIRank]:
    """Rank texts for a query with the library's reranker."""

    def work(stop: threading.Event) -> list[TEIRank]:
        found = library.rerank(body.query, body.texts, whole=not body.truncate, stop=stop)
        return [
            TEIRank(
                index=one.index,
                text=one.text if body.return_text else None,
                score=one.score if body.raw_scores else one.relevance,
            )
            for one in found.ranked
        ]

    return await in_thread(request, work)


def _jina_result(one: RankedText, with_text: bool) -> JinaResult:
    document = RelevantText(text=one.text) if with_text else None
    return JinaResult(index=one.index, relevance_score=one.relevance, document=document)


def _meta(found: Reranking, version: str) -> CohereMeta:
    cut = len(found.cut)
    read = f"of {plural(cut, 'document')} only the beginning was read" if cut else ""
    warnings = [words for words in (read, found.note) if words]
    return CohereMeta(api_version={"version": version}, warnings=warnings)
