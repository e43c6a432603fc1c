"""The learned reranker over HTTP: learned as a job, adopted by an administrator, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ranklens.library import Library
from tests.ranklens.test_learning import QUESTIONS, show, taught
from tests.serve.conftest import MakeClient
from tests.serve.test_measuring import done


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with taught(tmp_path) as opened:
        yield opened


def test_it_is_learned_adopted_and_taken_back(library: Library, client_of: MakeClient):
    api = client_of(library)
    assert api.get("/api/v1/learned").json() == {"versions": [], "in_use": None}
    state = done(api, api.post("/api/v1/learned", json={"questions": QUESTIONS}).json())
    assert (state["kind"], state["state"]) == ("learn", "done")
    found = api.get(state["result"]).json()
    assert found["version"]["version"] == 1
    assert "nDCG@10" in found["worth"]
    refused = api.post("/api/v1/learned/adoptions", json={})
    assert (refused.status_code, "no gain" in refused.json()["detail"]) == (422, True)
    show(library)
    assert api.post("/api/v1/learned/adoptions", json={"version": 1}).json()["in_use"] == 1
    trace = api.post("/api/v1/search", json={"question": QUESTIONS[0]}).json()
    assert trace["stages"][-1]["details"]["learned_version"] == 1
    assert api.delete("/api/v1/learned/adoptions").json()["in_use"] is None
    assert api.delete("/api/v1/learned/adoptions").status_code == 404
    assert api.post("/api/v1/learned/adoptions", json={"version": 5}).status_code == 404
    writer = client_of(library, library.keys.add("w", "write")[0])
    assert writer.post("/api/v1/learned/adoptions", json={}).status_code == 403
