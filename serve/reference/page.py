"""The reference page: the OpenAPI document as HTML, without a script and nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import HTMLResponse

from rag.text.templates import Templates
from serve.bodies import ApiRoute

HERE = Path(__file__).parent
router = APIRouter(include_in_schema=False, route_class=ApiRoute)
Schema = Mapping[str, Any]


def _prose(text: str) -> Markup:
    # The page's own text, and still: without HTML of its own.
    return Markup(MarkdownIt("commonmark", {"html": False}).render(text))  # noqa: S704 - escaped by it


TEMPLATES = Templates(HERE, prose=_prose)


@dataclass(frozen=True, slots=True)
class ReferenceField:
    """A field of a body or a parameter, as a row of a table. ``default`` is JSON, or "required"."""

    name: str
    type: str
    default: str
    description: str


@dataclass(frozen=True, slots=True)
class ReferenceOperation:
    """One route and method; ``scope`` is what a key needs for it, "" if it needs none."""

    method: str
    path: str
    title: str
    description: str
    scope: str
    fields: list[ReferenceField]
    body: str
    replies: list[tuple[str, str, str]]


@router.get("/reference")
def reference(request: Request) -> HTMLResponse:
    """Show every route with its parameters and replies."""
    document = request.app.openapi()
    base = str(request.scope.get("root_path", ""))
    groups: dict[str, list[ReferenceOperation]] = {}
    for tag, operation in _operations(document, base):
        groups.setdefault(tag, []).append(operation)
    forms = {
        name: (schema.get("description", ""), _fields(schema))
        for name, schema in sorted(document["components"]["schemas"].items())
    }
    page = TEMPLATES.render(
        "reference.html", info=document["info"], groups=groups, forms=forms, base=base
    )
    return HTMLResponse(page)


@router.get("/reference.css")
def style() -> Response:
    """Return the page's style sheet."""
    return Response((HERE / "reference.css").read_text("utf-8"), media_type="text/css")


def _operations(document: Schema, base: str) -> Iterator[tuple[str, ReferenceOperation]]:
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            media, schema = _body(found)
            yield (
                found["tags"][0],
                ReferenceOperation(
                    method=method.upper(),
                    path=base + path,
                    title=found["description"].partition(".")[0],
                    description=found["description"],
                    scope=found.get("x-scope", ""),
                    fields=[*_parameters(found), *_fields(_resolved(document, schema))],
                    body=media,
                    replies=list(_replies(found)),
                ),
            )


def _body(operation: Schema) -> tuple[str, Schema]:
    content = operation.get("requestBody", {}).get("content", {})
    return next(((media, one["schema"]) for media, one in content.items()), ("", {}))


def _replies(operation: Schema) -> Iterator[tuple[str, str, str]]:
    """Yield (status, what it means, its form) of the replies that are no problem."""
    for status, reply in operation["responses"].items():
        if status.startswith("2"):
            forms = [
                f"{media}: {type_of(one.get('schema') or one.get('itemSchema', {}))}"
                for media, one in reply.get("content", {}).items()
            ]
            yield status, reply["description"], "; ".join(forms)


def _parameters(operation: Schema) -> Iterator[ReferenceField]:
    for one in operation.get("parameters", ()):
        default = "required" if one.get("required") else _default(one["schema"])
        yield ReferenceField(
            one["name"], type_of(one["schema"]), default, one.get("description", "")
        )


def _fields(schema: Schema) -> list[ReferenceField]:
    required = schema.get("required", ())
    return [
        ReferenceField(
            name,
            type_of(one),
            "required" if name in required else _default(one),
            one.get("description", ""),
        )
        for name, one in schema.get("properties", {}).items()
    ]


def _resolved(document: Schema, schema: Schema) -> Schema:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Schema = document["components"]["schemas"][name] if name else schema
    return found


def _default(schema: Schema) -> str:
    return json.dumps(schema["default"], ensure_ascii=False) if "default" in schema else ""


def type_of(schema: Schema) -> str:
    """Return what a schema allows in a few words: ``list of Chunk``, ``integer or null``."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(map(type_of, choices))
    if schema.get("type") == "array":
        items = schema.get("items") or {}
        return f"list of {type_of(items)}"
    if isinstance(extra := schema.get("additionalProperties"), Mapping):
        return f"object of {type_of(extra)}"
    return str(schema.get("format") or schema.get("type") or schema.get("const") or "anything")
