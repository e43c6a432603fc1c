"""The bodies of OpenAI's chat completions: what is read of a request, what a reply is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, field_validator

from rag.errors import RanklensError
from rag.settings import from_visitor
from rag.types import Answer, Trace
from ranklens import Library
from serve.bodies import CollectionName
from serve.compatible.pipelines import ModelName

QUOTED = 300  # characters of a quote in an annotation


class ChatPart(BaseModel):
    """A part of a message; only text is read."""

    type: str
    text: str = ""


class ChatMessage(BaseModel):
    """A message of the conversation."""

    role: str
    content: str | list[ChatPart] | None = None

    @property
    def text(self) -> str:
        """The message's text; raises `RanklensError` for pictures and sound."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        other = next((part.type for part in self.content if part.type != "text"), "")
        if other:
            raise RanklensError(f"a message has a part of the type {other[:50]!r}; send text only")
        return "\n".join(part.text for part in self.content)


class StreamOptions(BaseModel):
    """What a stream holds besides."""

    include_usage: bool = False


class ChatBody(BaseModel):
    """A request of OpenAI's chat completions. Members that are not listed are not looked at."""

    model: ModelName
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=2000)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    n: Literal[1] | None = None
    tools: list[Any] | None = None
    collection: CollectionName = ""

    @field_validator("tools")
    @classmethod
    def _none(cls, value: list[Any] | None) -> None:
        if value:
            raise ValueError("tools are not supported; leave them out")

    @property
    def wants_usage(self) -> bool:
        """Whether a stream is to end with the tokens that were used."""
        return self.stream_options is not None and self.stream_options.include_usage

    def options(self, library: Library) -> dict[str, Any]:
        """Return the options of the request itself."""
        given = {} if self.temperature is None else {"llm_temperature": self.temperature}
        return from_visitor(library.settings, given)

    def conversation(self) -> tuple[str, list[tuple[str, str]]]:
        """Return the last question, and the questions and answers before it, oldest first.

        Raises `RanklensError` if the user has written no message.
        """
        turns: list[tuple[str, str]] = []
        for message in self.messages:
            if message.role == "user":
                turns.append((message.text, ""))
            elif message.role == "assistant" and turns:
                turns[-1] = (turns[-1][0], message.text)
        if not turns:
            raise RanklensError("no message has the role user; its text is the question")
        return turns[-1][0], turns[:-1]


class UrlCitation(BaseModel):
    """The passage behind a marker: characters of the answer, and where its trace is."""

    model_config = ConfigDict(title="url_citation")

    start_index: int
    end_index: int
    title: str
    url: str
    document: str
    page: int | None
    passage: str
    quote: str


class ChatAnnotation(BaseModel):
    """A citation."""

    type: Literal["url_citation"]
    url_citation: UrlCitation


class ChatAnswer(BaseModel):
    """The answer, each marker ``[n]`` of which is an annotation."""

    role: Literal["assistant"]
    content: str
    refusal: None
    annotations: list[ChatAnnotation]


class ChatChoice(BaseModel):
    """The one choice that there is."""

    index: int
    message: ChatAnswer
    finish_reason: Literal["stop", "length"]
    logprobs: None


class ChatUsage(BaseModel):
    """The tokens of the model that answered, 0 if none did."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(BaseModel):
    """An answer with its citations, and the id of the trace behind it."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]
    usage: ChatUsage
    trace_id: str
    trace_url: str


def completion(
    head: Mapping[str, Any], trace: Trace, answer: Answer, trace_url: str
) -> dict[str, Any]:
    """Return a whole `ChatCompletion`."""
    message = {
        "role": "assistant",
        "content": answer.text,
        "refusal": None,
        "annotations": citations_of(trace, answer, trace_url),
    }
    choice = {"index": 0, "message": message, "finish_reason": _finish(answer), "logprobs": None}
    return {**head, "object": "chat.completion", "choices": [choice], "usage": usage(answer)}


def chunk(
    head: Mapping[str, Any], delta: Mapping[str, Any] | None = None, done: Answer | None = None
) -> dict[str, Any]:
    """Return a part of a stream; ``done`` is the answer that it completes."""
    finish = _finish(done) if done else None
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish, "logprobs": None}
    return {**head, "object": "chat.completion.chunk", "choices": [choice]}


def line(data: Mapping[str, Any]) -> bytes:
    """Return an event of OpenAI's streams."""
    return f"data: {json.dumps(data, ensure_ascii=False, allow_nan=False)}\n\n".encode()


def citations_of(
    trace: Trace, answer: Answer, trace_url: str, shift: int = 0
) -> list[dict[str, Any]]:
    """Return the answer's citations; ``shift`` is where the answer begins in what was sent."""
    chunks = {hit.chunk.id: hit.chunk for hit in trace.given}
    found = []
    for citation in answer.citations:
        passage = chunks[citation.chunk_id]
        page = f", page {passage.page}" if passage.page else ""
        quoted = passage.text[citation.quote_start or 0 : citation.quote_end]
        cited = {
            "start_index": citation.start + shift,
            "end_index": citation.end + shift,
            "title": passage.document + page,
            "url": f"{trace_url}#{quote(passage.id)}",
            "document": passage.document,
            "page": passage.page,
            "passage": passage.id,
            "quote": quoted[:QUOTED],
        }
        found.append({"type": "url_citation", "url_citation": cited})
    return found


def usage(answer: Answer) -> dict[str, int]:
    """Return the tokens that the answer took, 0 if no model wrote it or it did not say."""
    read, wrote = (int(answer.details.get(n) or 0) for n in ("prompt_tokens", "completion_tokens"))
    return {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}


def _finish(answer: Answer) -> str:
    cut = {"cut_at_limit", "cut_at_characters"} & answer.details.keys()
    return "length" if cut else "stop"
