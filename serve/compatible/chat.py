"""OpenAI's chat completions: the last question of a conversation, answered from the documents.

The reply carries the answer's citations as annotations and the id of its trace.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import anyio
from fastapi import APIRouter, Request, Response
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool

from rag.errors import GenerationError
from rag.types import Answer, Trace
from ranklens import Library
from ranklens.answering import AnswerInProgress
from serve.bodies import ApiRoute
from serve.compatible.chat_forms import (
    ChatBody,
    ChatCompletion,
    chunk,
    citations_of,
    completion,
    line,
    usage,
)
from serve.compatible.forms import OPENAI, written
from serve.compatible.pipelines import options_of
from serve.dependencies import Opened
from serve.events import stream
from serve.guard import API
from serve.problems import UNEXPECTED
from serve.replies import EVENT, EVENT_STREAM, JsonReply
from serve.work import in_thread, when_gone

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1/chat", tags=["compatible"], route_class=ApiRoute)
DONE = b"data: [DONE]\n\n"


@dataclass(slots=True)
class ChatReply:
    """What all parts of one reply share: its trace's id and where that is, model and time."""

    library: Library
    model: str
    trace_id: str
    base: str
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def head(self) -> dict[str, Any]:
        """The members that every object of the reply has."""
        return {
            "id": f"chatcmpl-{self.trace_id}",
            "created": self.created,
            "model": self.model,
            "trace_id": self.trace_id,
            "trace_url": self.trace_url,
        }

    @property
    def trace_url(self) -> str:
        """Where the trace can be read."""
        return f"{self.base}/v1/traces/{self.trace_id}"

    def finished(self, trace: Trace) -> Answer:
        """Keep the complete trace and return its answer; raises `GenerationError` if it failed."""
        self.library.recent_traces.keep(trace, self.trace_id)
        assert trace.answer is not None  # noqa: S101 - the trace of a finished answer
        if trace.answer.error:
            raise GenerationError(f"{trace.answer.error} (trace {self.trace_id})")
        return trace.answer


@router.post(
    "/completions",
    summary="Answer a question of a conversation (OpenAI's API)",
    response_model=ChatCompletion,
    responses={200: {"content": {EVENT_STREAM: {"itemSchema": EVENT}}}},
)
async def chat_completions(body: ChatBody, library: Opened, request: Request) -> Response:
    """Answer the last message of the user; earlier ones are the conversation.

    `trace_id` names the trace of every ranking behind the answer (`GET /v1/traces/{id}`), and
    `annotations` are the answer's citations. Instructions of other roles are not followed.
    """
    question, history = body.conversation()

    def begin(stop: threading.Event) -> AnswerInProgress:
        options = options_of(library, body.model) | body.options(library)
        return library.start_answer(
            question, history=history, collection=body.collection, origin="api", stop=stop,
            **options,
        )  # fmt: skip

    answering = await in_thread(request, begin)
    trace_id = library.recent_traces.keep(answering.trace)
    reply = ChatReply(
        library, body.model, trace_id, f"{request.url.scheme}://{request.url.netloc}{API}"
    )
    if body.stream:
        return stream(_events(reply, body, answering, request))
    done = await in_thread(request, lambda _stop: answering.finish(), answering.close)
    return JsonReply(completion(reply.head, done, reply.finished(done), reply.trace_url))


async def _events(
    reply: ChatReply, body: ChatBody, answering: AnswerInProgress, request: Request
) -> AsyncIterator[bytes]:
    sent = 0
    try:
        yield line(chunk(reply.head, {"role": "assistant", "content": ""}))
        async with when_gone(request, answering.close):
            async for piece in iterate_in_threadpool(answering):
                sent += len(piece)
                yield line(chunk(reply.head, {"content": piece}))
        done = await run_in_threadpool(answering.finish)
        answer = reply.finished(done)
        # A model that marks its thinking only afterwards has begun the answer anew.
        found = citations_of(done, answer, reply.trace_url, sent - len(answer.text))
        yield line(chunk(reply.head, {"annotations": found}, answer))
        if body.wants_usage:
            yield line({**chunk(reply.head), "choices": [], "usage": usage(answer)})
    except GenerationError as error:
        yield line(_error(502, str(error), "generator"))
    except Exception:  # the reply has begun, so its status cannot change any more
        log.exception("request %s failed", request.state.request_id)
        yield line(_error(500, UNEXPECTED, ""))
    else:
        yield DONE
    finally:
        with anyio.CancelScope(shield=True):
            answering.close()
            await run_in_threadpool(answering.finish)


def _error(status: int, detail: str, kind: str) -> dict[str, Any]:
    return written(OPENAI, {"status": status, "detail": detail, "type": kind})[1]
