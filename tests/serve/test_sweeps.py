"""Sweeps over HTTP: a job, its result, a sweep by its id, and what a visitor may try."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ranklens.library import Library
from tests.ranklens.test_learning import QUESTIONS, taught
from tests.serve.conftest import MakeClient
from tests.serve.test_measuring import done


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with taught(tmp_path) as opened:
        yield opened


def test_a_sweep_is_a_job_and_is_kept(library: Library, client_of: MakeClient):
    api = client_of(library)
    body = {"questions": QUESTIONS, "tried": {"pool": [5], "reranker": ["none"]}, "save_as": "best"}
    state = done(api, api.post("/api/v1/sweeps", json=body).json())
    assert (state["kind"], state["state"]) == ("sweep", "done")
    found = api.get(state["result"]).json()
    assert found["saved_as"] == "best"
    assert len(found["configurations"]) == 4
    assert found["questions"] == {"choosing": 11, "testing": 13}
    assert {one["factor"] for one in found["effects"]} == {"pool", "reranker"}
    assert api.get(f"/api/v1/sweeps/{found['id']}").json() == found
    assert api.delete(f"/api/v1/sweeps/{found['id']}").status_code == 204
    assert api.get(f"/api/v1/sweeps/{found['id']}").status_code == 404


@pytest.mark.parametrize(
    "tried",
    [{"library": ["/tmp"]}, {"encoder": ["/models/x"]}, {"reranker": ["cross-encoder:/models/x"]},
     {"language": ["german"]}, {"pool": [0]}],
)  # fmt: skip
def test_what_a_visitor_may_not_try_is_refused_before_a_job_begins(
    library: Library, client_of: MakeClient, tried: dict[str, list[object]]
):
    api = client_of(library)
    refused = api.post("/api/v1/sweeps", json={"questions": QUESTIONS, "tried": tried})
    assert refused.status_code == 422
    assert library.jobs.last("sweep") is None
