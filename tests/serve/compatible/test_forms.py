"""Errors in the forms of other protocols."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from serve.compatible.forms import OwnForms, form_of, written
from serve.problems import problem

PATHS = {
    "/v2/rerank": (400, {"message"}),
    "/v1/rerank": (422, {"detail"}),
    "/rerank": (422, {"error", "error_type"}),
    "/v1/chat/completions": (400, {"error"}),
    "/v1/embeddings": (400, {"error"}),
    "/v1/vector_stores/default/search": (400, {"error"}),
}


@pytest.mark.parametrize("path", PATHS)
def test_what_is_not_valid_is_an_error_of_the_protocol(path: str, api: TestClient):
    reply = api.post(f"/api{path}", json={"nonsense": 1})
    status, members = PATHS[path]
    assert (reply.status_code, set(reply.json())) == (status, members)
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-request-id"]
    assert api.post(f"/api{path}", content=b"{").status_code == status


@pytest.mark.parametrize("path", PATHS)
def test_errors_are_described_as_they_are(path: str, api: TestClient):
    document = api.get("/api/openapi.json").json()
    described = next(p for p in document["paths"] if form_of(p) and p.split("{")[0] in path + "/"
                     and p.count("/") == path.count("/") and p.endswith(path[-5:]))  # fmt: skip
    responses = document["paths"][described]["post"]["responses"]
    reply = api.post(f"/api{path}", json={"nonsense": 1})
    content = responses[str(reply.status_code)]["content"]["application/json"]
    schema = {**content["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(reply.json())
    assert ("422" in responses) == (reply.status_code == 422)


def test_other_routes_answer_with_problems(api: TestClient):
    reply = api.post("/api/v1/search", json={"nonsense": 1})
    assert reply.headers["content-type"] == "application/problem+json"
    assert form_of("/v1/models") is form_of("/v1/models/a/b") is form_of("/v1/embeddings")
    assert form_of("/v1/search") is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, "authentication_error"), (403, "permission_error"), (429, "rate_limit_error"),
     (404, "invalid_request_error"), (502, "server_error"), (500, "server_error")],
)  # fmt: skip
def test_kinds_of_openai_s_errors(status: int, kind: str):
    made = {"status": status, "detail": "why", "type": "urn:ranklens:problem:key"}
    found, body = written(form_of("/v1/embeddings"), made)
    assert (found, body["error"]["type"], body["error"]["code"]) == (status, kind, "key")


def test_kinds_of_tei_s_errors():
    made = [(429, "Overloaded"), (413, "Validation"), (422, "Validation"), (503, "Backend")]
    for status, kind in made:
        body = written(form_of("/rerank"), {"status": status, "detail": "why", "type": ""})[1]
        assert body == {"error": "why", "error_type": kind}


def test_when_to_try_again_is_kept():
    busy = OwnForms(problem(429, "busy", headers={"Retry-After": "7"}))
    reply = TestClient(busy).post("/v2/rerank")
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "7")
    assert reply.json() == {"message": "busy"}
