"""JSON bodies that are broken in ways of their own: each gets its reason, none is a fault."""

import gzip
import json

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

import serve.app
from serve.bodies import ApiRoute

HALF = "\ud800"
JSON = {"Content-Type": "application/json"}
ROUTES = [route for router in serve.app.ROUTERS for route in router.routes]


def test_every_route_reads_bodies_so():
    found = [route for route in ROUTES if isinstance(route, APIRoute)]
    assert len(found) > 30
    assert {type(route) for route in found} == {ApiRoute}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/search", {"question": "moon", "settings": {HALF: 1}}, 422),
        ("/v1/search", {"question": HALF + "moon"}, 200),
        ("/v1/where", {"question": "moon", "passage": HALF}, 404),
        ("/v1/vector_stores/default/search", {"query": HALF}, 200),
        ("/v1/embeddings", {"model": "ranklens", "input": [HALF]}, 200),
        (
            "/v1/rerank",
            {"model": "late-interaction", "query": "a", "documents": [HALF, {"text": HALF}]},
            200,
        ),
    ],
)
def test_halves_of_characters_are_replaced(api: TestClient, path: str, body: object, status: int):
    for raw in (json.dumps(body).encode(), _surrogate_bytes(body)):
        reply = api.post(f"/api{path}", content=raw, headers=JSON)
        assert reply.status_code == status, reply.text


def test_mcp_takes_no_halves_of_characters(api: TestClient):
    call = {"name": "search", "arguments": {"question": f"moon {HALF}"}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    headers = {**JSON, "Accept": "application/json, text/event-stream"}
    for raw in (json.dumps(body).encode(), _surrogate_bytes(body)):
        assert api.post("/api/mcp", content=raw, headers=headers).status_code < 500


def _surrogate_bytes(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("content", "headers", "status", "words"),
    [
        (b'{"question": "moon"}', {}, 422, "Content-Type: application/json"),
        (b'{"question": "moon"}', {"Content-Type": "text/plain"}, 422, "Content-Type"),
        (gzip.compress(b"{}"), {**JSON, "Content-Encoding": "gzip"}, 415, "Content-Encoding"),
        (b"[" * 100_000 + b"]" * 100_000, JSON, 400, "nested too deeply"),
        (b'{"question": "\xff"}', JSON, 400, "UTF-8"),
        (b'{"question": ' + b"9" * 5000 + b"}", JSON, 400, "too many digits"),
    ],
)
def test_what_is_wrong_is_named(api: TestClient, content, headers, status, words):
    reply = api.post("/api/v1/search", content=content, headers=headers)
    assert reply.status_code == status
    assert words in reply.json()["detail"]


@pytest.mark.parametrize(
    ("length", "status"), [("0" * 5000, 200), ("9" * 5000, 413), ("0" * 5000 + "9" * 30, 413)]
)
def test_endless_lengths_are_no_fault(api: TestClient, length: str, status: int):
    assert api.get("/api/health", headers={"Content-Length": length}).status_code == status


def test_health_answers_head(api: TestClient):
    reply = api.head("/api/health")
    assert (reply.status_code, reply.content) == (200, b"")
