"""What the tools return: data in fields. A document's words are in fields of their own."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from rag.types import Check, Chunk, Citation, Trace
from ranklens import Document
from ranklens.evidence import Standing, passages
from ranklens.inspecting import PassageWay

ROOT = "ranklens://documents/"


@dataclass(frozen=True, slots=True)
class StageSummary:
    """A stage of a search: how many passages it ranked, in what time, and what went wrong."""

    name: str
    passages: int
    seconds: float
    reranker: str
    skipped: bool
    fell_back: bool
    note: str


@dataclass(frozen=True, slots=True)
class RankedExcerpt:
    """A passage with its final rank and score, and its rank and score at every stage.

    Scores of different stages are different units.
    """

    number: int
    score: float
    passage: Chunk
    stages: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class SearchReply:
    """The passages that were found, best first, and the stages that ranked them."""

    question: str
    passages: tuple[RankedExcerpt, ...]
    stages: tuple[StageSummary, ...]
    settings_digest: str


@dataclass(frozen=True, slots=True)
class AnswerReply:
    """An answer whose markers [1], [2], … are the numbers of its passages.

    ``refused``: the documents do not answer the question. ``error`` is why the writer failed.
    """

    answer: str
    refused: bool
    error: str
    writer: str
    seconds: float
    citations: tuple[Citation, ...]
    checks: tuple[Check, ...]
    search: SearchReply


@dataclass(frozen=True, slots=True)
class WhereReply:
    """A passage, its place at every stage, and what kept it out of the answer."""

    question: str
    passage: Chunk
    way: PassageWay


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """A document and the address of its text as a resource."""

    uri: str
    document: Document


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Some of the documents, by name; ``total`` is how many there are in all.

    ``collections`` are the names of the library's collections.
    """

    total: int
    documents: tuple[ListedDocument, ...]
    collections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PassageInContext:
    """A passage with the text around it in its document, which has ``characters`` in all."""

    uri: str
    characters: int
    before: str
    passage: Chunk
    after: str


def uri_of(name: str) -> str:
    """Return the address of a document's text."""
    return ROOT + quote(name, safe="")


def search_reply(trace: Trace, k: int | None = None) -> SearchReply:
    """Return what a tool returns of a trace: its first ``k`` passages, or its evidence."""
    found = tuple(
        RankedExcerpt(number, one.hit.score, one.hit.chunk, one.standings)
        for number, one in enumerate(passages(trace, k), 1)
    )
    stages = tuple(
        StageSummary(s.name, len(s.hits), s.seconds, s.reranker, s.skipped, s.fell_back, s.note)
        for s in trace.stages
    )
    return SearchReply(trace.question, found, stages, trace.settings_digest)


def answer_reply(trace: Trace) -> AnswerReply:
    """Return what a tool returns of a trace with its answer."""
    answer = trace.answer
    assert answer is not None  # noqa: S101 - the caller has it written
    return AnswerReply(
        answer.text,
        answer.refused,
        answer.error,
        answer.generator,
        answer.seconds,
        answer.citations,
        answer.checks,
        search_reply(trace),
    )
