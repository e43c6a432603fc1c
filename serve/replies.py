"""Replies that are made by hand: JSON as it is, and how the OpenAPI document describes a trace."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

SCHEMAS = "#/components/schemas/"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"
EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
}
TRACE = {"$ref": f"{SCHEMAS}Trace"}


def described(description: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return the ``openapi_extra`` of a route whose reply is ``content``: media type → schema.

    The schema of a stream is that of each event (OpenAPI 3.2 calls it ``itemSchema``).
    """
    media = {
        name: {"itemSchema" if name == EVENT_STREAM else "schema": schema}
        for name, schema in content.items()
    }
    return {"responses": {"200": {"description": description, "content": media}}}


class JsonReply(JSONResponse):
    """JSON that a use case has made; its form is described with the route."""
