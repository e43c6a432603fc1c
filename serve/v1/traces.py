"""Traces of the last questions of compatible routes, by the id that their replies carry."""

from __future__ import annotations

from fastapi import APIRouter

from rag.trace import to_dict
from serve.bodies import ApiRoute
from serve.dependencies import Opened
from serve.replies import JSON, TRACE, JsonReply, described

router = APIRouter(prefix="/v1/traces", tags=["questions"], route_class=ApiRoute)
FOUND = described("Every ranking of the question, and its answer.", {JSON: TRACE})


@router.get("/{trace_id}", response_class=JsonReply, openapi_extra=FOUND)
def get_trace(trace_id: str, library: Opened) -> JsonReply:
    """Return the trace of a reply of `/v1/chat/completions`; the last 200 are kept in memory."""
    return JsonReply(to_dict(library.recent_traces.get(trace_id)))
