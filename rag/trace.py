"""A trace as JSON and back: the outside form that people's scripts depend on.

Changes to this form are noted in the changelog. Unknown keys are ignored on loading, so that an
older version reads a newer trace; what older versions wrote is brought into today's form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rag.errors import RanklensError
from rag.text.json_value import json_value
from rag.types import Trace

_ADAPTER = TypeAdapter(Trace)
_NUMBERS = ("left_out", "shortened", "merged")
_MOVED = ("relevance", "refused_below", "stopped", "first_token_seconds", "thinking", "prompt")


def to_dict(trace: Trace) -> dict[str, Any]:
    """Return the trace in the outside form, made of JSON's own types."""
    data = _ADAPTER.dump_python(trace, mode="json")
    for citation in data["answer"]["citations"] if data["answer"] else ():
        citation["chunk"] = citation.pop("chunk_id")
    return {**data, "settings_digest": trace.settings_digest}


def json_schema(ref_template: str = "#/$defs/{model}") -> dict[str, Any]:
    """Return the JSON schema of the outside form; its parts are in ``$defs``."""
    schema = _ADAPTER.json_schema(mode="serialization", ref_template=ref_template)
    citation = schema["$defs"]["Citation"]
    citation["properties"]["chunk"] = citation["properties"].pop("chunk_id")
    citation["required"] = [{"chunk_id": "chunk"}.get(n, n) for n in citation["required"]]
    schema["properties"]["settings_digest"] = {"type": "string", "title": "Settings Digest"}
    return schema


def to_json(trace: Trace) -> str:
    """Return the trace as indented JSON."""
    return json.dumps(to_dict(trace), ensure_ascii=False, indent=2)


def from_json(text: str) -> Trace:
    """Load a trace; raises `RanklensError` if the text is no trace."""
    try:
        return from_dict(json_value(text))
    except (ValueError, RecursionError) as error:
        raise RanklensError(f"this is not a trace: {error}") from None


def from_dict(data: Mapping[str, Any]) -> Trace:
    """Build a trace from its outside form; raises `RanklensError` that names what is wrong."""
    try:
        # Strict, and by way of JSON: a text is no number, and lists become tuples.
        return _ADAPTER.validate_json(json.dumps(_current(data)), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"]))
        raise RanklensError(f"this is not a trace: {at}: {first['msg']}") from None
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise RanklensError(f"this is not a trace: {error!r}") from None


def _current(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data with what older versions kept elsewhere in its present place."""
    stages = [_current_stage(stage) for stage in data["stages"] if stage["name"] != "rewritten"]
    answer = _current_answer(data["answer"]) if data.get("answer") else None
    rewriting = data.get("rewriting") or _rewriting(data["stages"])
    return {**data, "stages": stages, "answer": answer, "rewriting": rewriting}


def _rewriting(stages: list[Any]) -> dict[str, Any] | None:
    for stage in stages:
        if stage["name"] == "rewritten":
            how = stage["details"]["how"]
            return {
                "asked": stage["details"]["asked"],
                "by": how if how in ("rule", "model") else None,
                "seconds": stage["seconds"],
                "problem": stage["note"] if stage.get("fell_back") else "",
            }
    return None


def _current_stage(stage: Mapping[str, Any]) -> dict[str, Any]:
    details = {**stage.get("details", {})}
    moved = {name: details.pop(name) for name in ("reranker", "skipped") if name in details}
    return {**moved, **stage, "details": details}


def _current_answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    details = {**answer.get("details", {})}
    moved = {name: details.pop(name) for name in _MOVED if name in details}
    for name in _NUMBERS:
        if name in details:
            moved[name] = [int(number) for number in str(details.pop(name)).split(",")]
    if "checks" in details:
        moved["checks"] = json.loads(details.pop("checks"))
    citations = [{**one, "chunk_id": one["chunk"]} for one in answer["citations"]]
    return {**moved, **answer, "citations": citations, "details": details}
