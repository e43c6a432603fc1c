"""The tuned cross-encoder over HTTP: tuned as a job, adopted by an administrator, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.models import training
from ranklens.library import Library
from tests.rag.models.tiny import save_cross
from tests.ranklens.test_learning import QUESTIONS, taught
from tests.ranklens.test_tuning import copied, show
from tests.serve.conftest import MakeClient
from tests.serve.test_measuring import done


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with taught(tmp_path) as opened:
        yield opened


def test_it_is_tuned_adopted_and_taken_back(
    library: Library, client_of: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(training, "train_cross", copied)
    base = str(save_cross(tmp_path / "bert", "bert"))
    api = client_of(library)
    assert api.get("/api/v1/tuned").json() == {"versions": [], "in_use": None}
    refused = api.post("/api/v1/tuned", json={"questions": QUESTIONS, "base": base})
    assert (refused.status_code, "not a folder" in refused.json()["detail"]) == (422, True)
    library.settings = library.settings.updated(cross_encoder=base)
    body = {"questions": QUESTIONS, "epochs": 1, "negatives": 1}
    state = done(api, api.post("/api/v1/tuned", json=body).json())
    assert (state["kind"], state["state"], state["error"]) == ("tune", "done", "")
    found = api.get(state["result"]).json()
    assert found["version"]["version"] == 1
    assert "nDCG@10" in found["worth"]
    assert "These are few" in found["warning"]
    refused = api.post("/api/v1/tuned/adoptions", json={})
    assert (refused.status_code, "no gain" in refused.json()["detail"]) == (422, True)
    show(library)
    assert api.post("/api/v1/tuned/adoptions", json={"version": 1}).json()["in_use"] == 1
    trace = api.post("/api/v1/search", json={"question": QUESTIONS[0]}).json()
    assert trace["stages"][-1]["details"]["tuned_version"] == 1
    assert api.delete("/api/v1/tuned/adoptions").json()["in_use"] is None
    assert api.delete("/api/v1/tuned/adoptions").status_code == 404
    writer = client_of(library, library.keys.add("w", "write")[0])
    assert writer.post("/api/v1/tuned/adoptions", json={}).status_code == 403
