"""The table of tools. All of them read; none of their descriptions depends on a document."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Annotated, Any

from mcp.types import Tool, ToolAnnotations
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from rag.settings import from_visitor
from ranklens import Library, inspecting
from ranklens.evidence import search_options
from serve.mcp.replies import (
    AnswerReply,
    DocumentPage,
    ListedDocument,
    PassageInContext,
    SearchReply,
    WhereReply,
    answer_reply,
    search_reply,
    uri_of,
)

Words = Annotated[str, Field(min_length=1, max_length=100_000)]
ShortWords = Annotated[str, Field(max_length=1000)]
Names = Annotated[list[ShortWords], Field(max_length=100)]


class Stop:
    """How a call is ended early: `now` calls what the tool gave to `by`, also if that is later."""

    def __init__(self) -> None:
        self._end: Callable[[], None] = lambda: None
        self._ended = False

    def by(self, end: Callable[[], None]) -> None:
        """Have ``end`` called when the call is to end; from the thread of the tool."""
        self._end = end
        if self._ended:
            end()

    def event(self) -> threading.Event:
        """Return an event that is set when the call is to end."""
        ended = threading.Event()
        self.by(ended.set)
        return ended

    def now(self) -> None:
        """End the call; from any thread."""
        self._ended = True
        self._end()


class Arguments(BaseModel):
    """The arguments of a tool; others than its own are refused."""

    model_config = ConfigDict(extra="forbid")


class QuestionArguments(Arguments):
    """A question and the documents that it is asked of."""

    question: Words = Field(description="The question, or words to search for.")
    documents: Names = Field([], description="Only these: names, or parts that fit one name.")
    types: Names = Field([], description="Only documents of these types, such as pdf.")
    since: date | None = Field(None, description="Only documents added since that day.")
    collection: ShortWords = Field("", description="The collection to ask; empty: the default.")
    reranker: ShortWords = Field("", description="A reranker by name; empty: the library's own.")

    def keywords(self, library: Library, **more: Any) -> dict[str, Any]:
        """Return what `Library.search` takes; raises `SettingsError`."""
        options = {"reranker": self.reranker} if self.reranker else {}
        return {
            "documents": self.documents,
            "types": self.types,
            "since": self.since,
            "collection": self.collection,
            "origin": "mcp",
            **from_visitor(library.settings, options | more),
        }


class SearchArguments(QuestionArguments):
    """What `search` takes."""

    k: int = Field(5, ge=1, le=50, description="How many passages to return.")


class WhereArguments(QuestionArguments):
    """What `where` takes."""

    passage: ShortWords = Field("", description="The passage's id.")
    words: ShortWords = Field("", description="Words of the passage, if its id is not known.")


class DocumentsArguments(Arguments):
    """What `list_documents` takes."""

    contains: ShortWords = Field("", description="Only documents with this in their name.")
    collection: ShortWords = Field("", description="Only documents of this collection.")
    offset: int = Field(0, ge=0, le=10_000_000, description="How many to leave out first.")
    limit: int = Field(100, ge=1, le=200, description="How many to return.")


class PassageArguments(Arguments):
    """What `read_passage` takes."""

    passage: Annotated[str, Field(min_length=1, max_length=1000)] = Field(
        description="The passage's id, as a search returns it."
    )
    around: int = Field(
        1000, ge=0, le=10_000, description="Characters of the document before and after it."
    )


@dataclass(frozen=True)
class ToolEntry:
    """A line of the table; ``run`` gets the library, the arguments, and a way to be stopped."""

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    reply: type
    run: Callable[[Library, Any, Stop], object]

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """What writes the reply as JSON, and its schema."""
        return TypeAdapter(self.reply)

    @cached_property
    def listed(self) -> Tool:
        """The tool as clients are shown it."""
        return Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.arguments.model_json_schema(),
            output_schema=self.adapter.json_schema(mode="serialization"),
            annotations=ToolAnnotations(
                title=self.title,
                read_only_hint=True,
                destructive_hint=False,
                idempotent_hint=True,
                open_world_hint=False,
            ),
        )


def _search(library: Library, given: SearchArguments, stop: Stop) -> SearchReply:
    keywords = given.keywords(library, **search_options(given.k)) | {"stop": stop.event()}
    return search_reply(library.search(given.question, **keywords), given.k)


def _ask(library: Library, given: QuestionArguments, stop: Stop) -> AnswerReply:
    answering = library.start_answer(given.question, stop=stop.event(), **given.keywords(library))
    stop.by(answering.close)
    return answer_reply(answering.finish())


def _where(library: Library, given: WhereArguments, stop: Stop) -> WhereReply:
    trace = library.search(given.question, stop=stop.event(), **given.keywords(library))
    chunk = inspecting.found_passage(library, given.passage, given.words)
    way = inspecting.Inspection(library, trace).way(chunk)
    return WhereReply(trace.question, chunk, way)


def _documents(library: Library, given: DocumentsArguments, _stop: Stop) -> DocumentPage:
    wanted = given.contains.casefold()
    found = library.documents(given.collection)
    found = [one for one in found if wanted in one.name.casefold()]
    page = found[given.offset : given.offset + given.limit]
    listed = tuple(ListedDocument(uri_of(d.name), d) for d in page)
    return DocumentPage(len(found), listed, tuple(library.collections.names()))


def _passage(library: Library, given: PassageArguments, _stop: Stop) -> PassageInContext:
    chunk = inspecting.found_passage(library, given.passage)
    text = library.text(chunk.document)
    before = text[max(0, chunk.start - given.around) : chunk.start]
    after = text[chunk.end : chunk.end + given.around]
    return PassageInContext(uri_of(chunk.document), len(text), before, chunk, after)


_LINES = (
    ToolEntry(
        "search",
        "Search the documents",
        "Find the passages of the user's documents that fit a question best. Returns their text "
        "with document, page, rank and score, and where each stage of the search ranked them.",
        SearchArguments,
        SearchReply,
        _search,
    ),
    ToolEntry(
        "ask",
        "Ask the documents",
        "Answer a question from the user's documents, with citations. Returns the answer and the "
        "passages that it was given; refused is true if the documents do not answer it.",
        QuestionArguments,
        AnswerReply,
        _ask,
    ),
    ToolEntry(
        "where",
        "Explain a passage's place",
        "Show where a passage went for a question: its rank at every stage, and what kept it out "
        "of the answer. Names the passage by its id or by words that are in it.",
        WhereArguments,
        WhereReply,
        _where,
    ),
    ToolEntry(
        "list_documents",
        "List the documents",
        "List the user's documents by name, with their status, pages and number of passages.",
        DocumentsArguments,
        DocumentPage,
        _documents,
    ),
    ToolEntry(
        "read_passage",
        "Read a passage in its context",
        "Read one passage by its id, with the text before and after it in its document.",
        PassageArguments,
        PassageInContext,
        _passage,
    ),
)
TOOLS: Mapping[str, ToolEntry] = {line.name: line for line in _LINES}
