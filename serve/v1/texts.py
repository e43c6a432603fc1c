"""Texts of the caller's own, which are in no library: ranked, with all that is known of it."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from rag.settings import from_visitor
from rag.types import Scalar
from ranklens import Reranking
from serve.bodies import ApiRoute
from serve.dependencies import Opened
from serve.work import in_thread

router = APIRouter(prefix="/v1/texts", tags=["questions"], route_class=ApiRoute)


class RankTextsBody(BaseModel):
    """A question and the texts that are to be ranked for it."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1)
    texts: Annotated[list[str], Field(min_length=1)]
    top: int | None = Field(None, ge=1, description="How many of the best to return; else all.")
    whole: bool = Field(False, description="Refuse texts that are longer than the model reads.")
    settings: dict[str, Scalar] = Field(
        {}, description="Options that shape a ranking (docs/settings.md).",
        examples=[{"reranker": "late-interaction"}],
    )  # fmt: skip


@router.post("/rerank")
async def rerank(body: RankTextsBody, library: Opened, request: Request) -> Reranking:
    """Rank texts for a question: scores in the reranker's unit, relevances, what was cut."""

    def work(stop: threading.Event) -> Reranking:
        own = from_visitor(library.settings, body.settings)
        return library.rerank(
            body.question, body.texts, top=body.top, whole=body.whole, stop=stop, **own
        )

    return await in_thread(request, work)
