"""The reference page names every route, and loads nothing but its own style sheet."""

import re

from starlette.testclient import TestClient

from serve.reference.page import type_of


def test_the_page_names_every_route_and_form(api: TestClient):
    document = api.get("/api/openapi.json").json()
    reply = api.get("/api/reference")
    assert reply.headers["content-type"].startswith("text/html")
    page = reply.text
    for path, methods in document["paths"].items():
        for method in methods:
            assert f'"method">{method.upper()}</span> <code>/api{path}</code>' in page
    for name in document["components"]["schemas"]:
        assert f'id="form-{name}"' in page
    assert '<span class="scope">admin</span>' in page


def test_it_loads_and_runs_nothing_from_elsewhere(api: TestClient):
    page = api.get("/api/reference").text
    assert re.findall(r'(?:src|href)="(?!#)([^"]+)"', page) == [
        "/api/reference.css", "/api/openapi.json"
    ]  # fmt: skip
    assert not re.search(r"<script|style=|http:|https:", page)
    style = api.get("/api/reference.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text
    assert "default-src 'self'" in api.get("/api/reference").headers["content-security-policy"]


def test_the_start_page_leads_to_it(api: TestClient):
    reply = api.get("/", follow_redirects=False)
    assert reply.headers["location"] == "/api/reference"


def test_types_in_words():
    text = {"type": "string"}
    assert type_of({"type": "array", "items": {"$ref": "#/components/schemas/Hit"}}) == (
        "list of Hit"
    )
    assert type_of({"anyOf": [text, {"type": "null"}]}) == "string or null"
    assert type_of({"type": "object", "additionalProperties": text}) == "object of string"
    assert type_of({"enum": ["csv", "qrels"], "type": "string"}) == "csv or qrels"
    assert type_of({"type": "string", "format": "date"}) == "date"
