"""`search`, `ask` and `where`: the trace of a question, its answer, and a passage's way."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool

from rag.settings import from_visitor
from rag.trace import from_dict, to_dict
from rag.types import Chunk
from ranklens import Library, comparing, inspecting
from ranklens.answering import AnswerInProgress
from serve.bodies import ApiRoute, CollectionName
from serve.dependencies import Opened
from serve.events import event, stream
from serve.problems import UNEXPECTED
from serve.replies import EVENT, EVENT_STREAM, JSON, TRACE, JsonReply, described
from serve.work import in_thread, when_gone

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1", tags=["questions"], route_class=ApiRoute)

Words = Annotated[str, Field(min_length=1, examples=["When was the bridge opened?"])]
OptionValue = str | int | float | bool | None


class QuestionBody(BaseModel):
    """A question, which documents it is asked of, and options that differ from the library's."""

    model_config = ConfigDict(extra="forbid")

    question: Words
    documents: list[str] = Field([], description="Names of documents, or parts that fit one name.")
    types: list[str] = Field([], description="Types of documents, such as pdf.")
    since: date | None = Field(None, description="Ask documents added since that day only.")
    collection: CollectionName = ""
    settings: dict[str, OptionValue] = Field(
        {}, description="Options that shape a ranking or an answer (docs/settings.md).",
        examples=[{"reranker": "none", "pool": 100}],
    )  # fmt: skip

    def keywords(self, library: Library) -> dict[str, Any]:
        """Return what `Library.search` takes; raises `SettingsError` if an option is not free."""
        return {
            "documents": self.documents,
            "types": self.types,
            "since": self.since,
            "collection": self.collection,
            "origin": "api",
            **from_visitor(library.settings, self.settings),
        }


class AskBody(QuestionBody):
    """A question to be answered."""

    stream: bool = Field(False, description="Send the answer as it is written, as events.")


class CompareBody(BaseModel):
    """A question and the pipelines that are to answer it."""

    model_config = ConfigDict(extra="forbid")

    question: Words
    pipelines: list[str] = Field(
        [], max_length=20, description="Rerankers, saved pipelines, or options: `pool=100`.",
        examples=[["none", "wide:pool=100"]],
    )  # fmt: skip
    one_pool: bool = Field(False, description="All rerank the first one's candidates.")
    answers: bool = Field(False, description="Each writes an answer too.")


class WhereBody(QuestionBody):
    """A question and a passage of the library, by its id or by words that are in it."""

    question: str = ""
    trace: dict[str, Any] | None = Field(None, description="A trace to explain, in place of one.")
    passage: str = Field("", description="The passage's id, as `chunk.id` in a trace.")
    words: str = Field("", description="Words of the passage; the one that holds them best.")


@dataclass(frozen=True, slots=True)
class PassageReport:
    """A passage and its way."""

    passage: Chunk
    way: inspecting.PassageWay


SEARCHED = described("Every ranking of the question.", {JSON: TRACE})
COMPARED = described("Each pipeline's rankings.", {JSON: {"type": "object"}})
ANSWERED = described("The rankings and the answer.", {JSON: TRACE, EVENT_STREAM: EVENT})


@router.post("/search", response_class=JsonReply, openapi_extra=SEARCHED)
async def search(body: QuestionBody, library: Opened, request: Request) -> JsonReply:
    """Rank the passages for a question and return the trace: every stage, no answer."""

    def work(stop: threading.Event) -> JsonReply:
        found = library.search(body.question, stop=stop, **body.keywords(library))
        return JsonReply(to_dict(found))

    return await in_thread(request, work)


@router.post("/ask", response_class=JsonReply, openapi_extra=ANSWERED)
async def ask(body: AskBody, library: Opened, request: Request) -> Response:
    """Answer a question and return the trace with its answer.

    With `stream` the reply is server-sent events: one `trace` without an answer as soon as the
    passages are ranked, `text` for each piece of the answer, and one `answer` at the end, which
    is the answer of the trace as a whole (a model that thinks aloud may have taken pieces back).
    The answer is stopped if you hang up.
    """
    begin = partial(library.start_answer, body.question, **body.keywords(library))
    answering = await in_thread(request, lambda stop: begin(stop=stop))
    if body.stream:
        return stream(_events(answering, request))
    done = await in_thread(request, lambda _stop: answering.finish(), answering.close)
    return JsonReply(to_dict(done))


async def _events(answering: AnswerInProgress, request: Request) -> AsyncIterator[bytes]:
    try:
        yield event("trace", to_dict(answering.trace))
        async with when_gone(request, answering.close):
            async for piece in iterate_in_threadpool(answering):
                yield event("text", piece)
        done = await run_in_threadpool(answering.finish)
        yield event("answer", to_dict(done)["answer"])
    except Exception:  # the reply has begun, so its status cannot change any more
        log.exception("request %s failed", request.state.request_id)
        yield event("problem", {"status": 500, "detail": UNEXPECTED})
    finally:
        with anyio.CancelScope(shield=True):
            answering.close()
            await run_in_threadpool(answering.finish)


@router.post("/compare", response_class=JsonReply, openapi_extra=COMPARED)
async def compare(body: CompareBody, library: Opened, request: Request) -> JsonReply:
    """Ask several pipelines and return their traces side by side, with what judgements show."""
    variants = comparing.resolve(library.settings, body.pipelines)

    def work(stop: threading.Event) -> JsonReply:
        made = comparing.compare(
            library.pipeline, variants, body.question, body.one_pool, body.answers, stop=stop
        )
        return JsonReply(comparing.outside(library, made))

    return await in_thread(request, work)


@router.post("/where")
async def where(body: WhereBody, library: Opened, request: Request) -> PassageReport:
    """Show where a passage went: its rank at every stage, and what kept it out of the answer.

    Ranks beyond the trace are worked out over the library as it is now.
    """

    def work(stop: threading.Event) -> PassageReport:
        trace = (
            from_dict(body.trace)
            if body.trace is not None
            else library.search(body.question, stop=stop, **body.keywords(library))
        )
        chunk = inspecting.found_passage(library, body.passage, body.words)
        return PassageReport(chunk, inspecting.Inspection(library, trace).way(chunk))

    return await in_thread(request, work)
