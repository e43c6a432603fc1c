"""Keys, settings, models and the library's soundness over HTTP."""

from __future__ import annotations

import pytest

from ranklens.library import Library
from tests.serve.conftest import MakeClient, open_library
from tests.serve.test_questions import events


def done(api, reply) -> dict:
    """Follow a job to its end."""
    assert reply.status_code == 202, reply.text
    name, state = events(api.get(f"/api/v1/jobs/{reply.json()['id']}/events").text)[-1]
    assert name == "done"
    return state


@pytest.fixture
def own(tmp_path) -> Library:
    with open_library(tmp_path, llm_api_key="a-provider-s-key") as library:
        yield library


def test_keys_are_made_listed_and_revoked(own: Library, client_of: MakeClient):
    made = client_of(own).post("/api/v1/keys", json={"name": "boss", "scope": "admin"})
    assert made.status_code == 201
    assert client_of(own).get("/api/v1/keys").status_code == 401
    boss = client_of(own, made.json()["key"])
    reader = boss.post("/api/v1/keys", json={"name": "reader"}).json()
    assert reader["scope"] == "read"
    rows = boss.get("/api/v1/keys").json()
    assert [row["name"] for row in rows] == ["boss", "reader"]
    assert rows[0]["used"]
    assert rows[1]["used"] is None
    for secret in (made.json()["key"], reader["key"]):
        assert secret not in boss.get("/api/v1/keys").text
    assert boss.post("/api/v1/keys", json={"name": "reader"}).status_code == 422
    assert boss.delete("/api/v1/keys/reader").status_code == 204
    assert boss.delete("/api/v1/keys/reader").status_code == 404
    assert client_of(own, reader["key"]).get("/api/v1/documents").status_code == 401
    assert boss.post("/api/v1/keys", json={"name": "reader"}).status_code == 201


def test_a_provider_s_key_is_shown_as_set_only(own: Library, client_of: MakeClient):
    reply = client_of(own).get("/api/v1/settings")
    assert reply.json()["llm_api_key"] == "(set)"
    assert "a-provider-s-key" not in reply.text


def test_what_runs_here_and_whether_it_is_sound(api):
    assert {"what": "engine option", "here": "auto"} in api.get("/api/v1/doctor").json()
    assert "all-MiniLM-L6-v2" in api.get("/api/v1/models").text
    for path, unit in (("verify", "searches"), ("rebuild", "chunks")):
        state = done(api, api.post(f"/api/v1/{path}"))
        assert (state["kind"], state["state"], state["unit"]) == (path, "done", unit)
        assert state["total"] > 0
        report = api.get(state["result"]).json()
        assert report["problems"] == []
        assert report["chunks"] == report["vectors"] > 0


def test_a_model_that_is_here_and_one_that_nobody_knows(api):
    state = done(api, api.post("/api/v1/downloads", json={"model": "all-MiniLM-L6-v2"}))
    assert "all-MiniLM-L6-v2" in api.get(state["result"]).json()["model"]
    state = done(api, api.post("/api/v1/downloads", json={"model": "ettin-reranker-17"}))
    assert state["state"] == "failed"
    assert "did you mean ettin-reranker-17m" in state["error"]


def test_metrics_are_prometheus_text(api):
    reply = api.get("/api/v1/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "# TYPE ranklens_stage_seconds histogram" in reply.text
