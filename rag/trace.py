"""A trace as JSON and back: the outside form that people's scripts depend on.

Changes to this form are noted in the changelog. Unknown keys are ignored on loading, so that an
older version reads a newer trace.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rag.errors import RanklensError
from rag.types import Answer, Chunk, Citation, Hit, Stage, Trace


def to_dict(trace: Trace) -> dict[str, Any]:
    """Return the trace in the outside form, made of JSON's own types."""
    return {
        "question": trace.question,
        "settings": dict(trace.settings),
        "settings_digest": trace.settings_digest,
        "stages": [_stage(stage) for stage in trace.stages],
        "answer": _answer(trace.answer) if trace.answer else None,
    }


def to_json(trace: Trace) -> str:
    """Return the trace as indented JSON."""
    return json.dumps(to_dict(trace), ensure_ascii=False, indent=2)


def from_json(text: str) -> Trace:
    """Load a trace; raises `RanklensError` where the text is no trace."""
    try:
        return from_dict(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RanklensError(f"this is not a trace: {error!r}") from None


def from_dict(data: Mapping[str, Any]) -> Trace:
    """Build a trace from its outside form."""
    chunks: dict[str, Chunk] = {}
    return Trace(
        question=data["question"],
        settings=data["settings"],
        stages=tuple(_load_stage(stage, chunks) for stage in data["stages"]),
        answer=_load_answer(data["answer"]) if data.get("answer") else None,
    )


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "seconds": stage.seconds,
        "note": stage.note,
        "fell_back": stage.fell_back,
        "details": dict(stage.details),
        "hits": [
            {"rank": hit.rank, "score": hit.score, "chunk": _chunk(hit.chunk)} for hit in stage.hits
        ],
    }


def _chunk(chunk: Chunk) -> dict[str, Any]:
    return {
        "id": chunk.id,
        "document": chunk.document,
        "page": chunk.page,
        "start": chunk.start,
        "end": chunk.end,
        "heading": list(chunk.heading),
        "text": chunk.text,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "text": answer.text,
        "citations": [
            {
                "number": c.number,
                "chunk": c.chunk_id,
                "start": c.start,
                "end": c.end,
                "quote_start": c.quote_start,
                "quote_end": c.quote_end,
            }
            for c in answer.citations
        ],
        "generator": answer.generator,
        "refused": answer.refused,
        "seconds": answer.seconds,
        "error": answer.error,
        "details": dict(answer.details),
    }


def _load_stage(data: Mapping[str, Any], chunks: dict[str, Chunk]) -> Stage:
    hits = tuple(
        Hit(_load_chunk(hit["chunk"], chunks), hit["rank"], hit["score"]) for hit in data["hits"]
    )
    return Stage(
        name=data["name"],
        hits=hits,
        seconds=data["seconds"],
        note=data.get("note", ""),
        fell_back=data.get("fell_back", False),
        details=data.get("details", {}),
    )


def _load_chunk(data: Mapping[str, Any], chunks: dict[str, Chunk]) -> Chunk:
    if data["id"] not in chunks:
        chunks[data["id"]] = Chunk(
            id=data["id"],
            document=data["document"],
            start=data["start"],
            end=data["end"],
            text=data["text"],
            page=data.get("page"),
            heading=tuple(data.get("heading", ())),
        )
    return chunks[data["id"]]


def _load_answer(data: Mapping[str, Any]) -> Answer:
    citations = tuple(
        Citation(
            c["number"],
            c["chunk"],
            c["start"],
            c["end"],
            c.get("quote_start"),
            c.get("quote_end"),
        )
        for c in data["citations"]
    )
    return Answer(
        text=data["text"],
        citations=citations,
        generator=data["generator"],
        refused=data["refused"],
        seconds=data["seconds"],
        error=data.get("error", ""),
        details=data.get("details", {}),
    )
