"""The OpenAPI document: what FastAPI knows, and keys, scopes, problems and traces besides."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from rag.trace import json_schema
from serve.compatible.forms import FORMS, ErrorForm, form_of
from serve.policy import Access, rule_of
from serve.problems import MEDIA_TYPE
from serve.replies import JSON, SCHEMAS

_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_KEY = {"type": "http", "scheme": "bearer", "description": "A key of `ranklens keys add NAME`."}
# Problems that every route may answer with, besides its own.
_STATUSES = {
    "400": "The body cannot be read.",
    "401": "A key is needed.",
    "403": "The key's scope does not cover this, or another web site asks.",
    "404": "There is nothing of that name.",
    "409": "The library cannot do this now.",
    "413": "The body is too large.",
    "422": "The request is not valid; the problem names what is wrong.",
    "429": "The server is busy; try again after Retry-After seconds.",
    "502": "A provider's server failed.",
    "503": "The library or a model cannot be opened, or the server stops.",
    "507": "The library's disk is full.",
}


def describe(app: FastAPI) -> None:
    """Have ``app`` serve the whole document; what FastAPI makes of the routes is completed."""
    own = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = own()
            _complete(document)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = complete  # type: ignore[method-assign]  # the way that FastAPI documents


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    trace = json_schema(SCHEMAS + "{model}")
    schemas = components.setdefault("schemas", {})
    schemas |= {**trace.pop("$defs"), "Trace": trace, "Problem": _PROBLEM}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {"key": _KEY}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _describe(operation, rule_of(method.upper(), path).access, form_of(path))
    schemas |= {form.title: form.schema for _, form in FORMS}


def _describe(operation: dict[str, Any], access: Access, form: ErrorForm | None) -> None:
    media, title = (JSON, form.title) if form else (MEDIA_TYPE, "Problem")
    schema = {"schema": {"$ref": f"{SCHEMAS}{title}"}}
    operation["responses"].pop("422", None)
    for status, description in _STATUSES.items():
        own = str(form.status(int(status))) if form else status
        operation["responses"][own] = {"description": description, "content": {media: schema}}
    if access > Access.LOCAL:
        operation["security"] = [{"key": [access.name.lower()]}, {}]
        operation["x-scope"] = access.name.lower()
