"""Folders of the server's machine: only those that the owner named, and no link leads out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from rag.errors import SettingsError
from rag.settings import Settings
from ranklens.library import Library
from tests.serve.conftest import MakeClient, open_library
from tests.serve.test_administration import done


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder that the owner names; beside it lies a file that nobody may reach."""
    folder = tmp_path / "shared"
    (folder / "reports" / "old").mkdir(parents=True)
    (folder / "reports" / "a.md").write_text("The moon is red.", "utf-8")
    (folder / "reports" / "old" / "b.txt").write_text("Mars has two moons.", "utf-8")
    (folder / "reports" / ".hidden.txt").write_text("hidden", "utf-8")
    (folder / "reports" / "c.exe").write_bytes(b"x")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "s.txt").write_text("The secret is green.", "utf-8")
    return folder


@pytest.fixture
def library(tmp_path: Path, shared: Path) -> Iterator[Library]:
    with open_library(tmp_path, api_folders=f"/nowhere, {shared}", max_file_mb=1) as opened:
        yield opened


@pytest.fixture
def api(library: Library, client_of: MakeClient) -> TestClient:
    return client_of(library)


def add(api: TestClient, folder: object):
    return api.post("/api/v1/folders", json={"folder": str(folder)})


def outcomes(api: TestClient, folder: object) -> dict[str, str]:
    state = done(api, add(api, folder))
    assert state["state"] == "done", state
    found = api.get(state["result"]).json()["outcomes"]
    assert (state["done"], state["unit"]) == (len(found), "files")
    return {one["name"]: one["status"] for one in found}


def test_a_folder_is_added_and_indexed(api: TestClient, library: Library, shared: Path):
    assert api.get("/api/v1/folders").json() == ["/nowhere", str(shared)]
    found = outcomes(api, shared / "reports")
    assert found == {"a.md": "queued", "old/b.txt": "queued", "c.exe": "skipped"}
    library.work()
    ready = {one["name"]: one["status"] for one in api.get("/api/v1/documents").json()}
    assert ready == {"a.md": "ready", "old/b.txt": "ready"}
    assert set(outcomes(api, shared)) == {f"reports/{name}" for name in found}


def test_a_question_set_is_no_document(api: TestClient, library: Library, shared: Path):
    reports = shared / "reports"
    (reports / "README.md").write_text("How these questions were made.")
    (reports / "questions.csv").write_text("question,document,quote\nWhat colour?,a.md,red\n")
    found = outcomes(api, reports)
    assert found["README.md"] == found["questions.csv"] == "skipped"
    assert found["a.md"] == "queued"


def test_no_link_leads_out(api: TestClient, shared: Path, tmp_path: Path):
    reports = shared / "reports"
    (reports / "file.txt").symlink_to(tmp_path / "secret" / "s.txt")
    (reports / "inside.txt").symlink_to(reports / "a.md")
    (reports / "folder").symlink_to(tmp_path / "secret")
    (shared / "away").symlink_to(tmp_path / "secret")
    os.mkfifo(reports / "pipe.txt")
    found = outcomes(api, reports)
    assert [n for n, status in found.items() if status == "queued"] == ["a.md", "old/b.txt"]
    assert found["file.txt"] == found["inside.txt"] == found["pipe.txt"] == "skipped"
    state = done(api, add(api, shared / "away"))
    assert (state["state"], "link" in state["error"]) == ("failed", True)
    documents = {one["name"] for one in api.get("/api/v1/documents").json()}
    assert documents == {"a.md", "old/b.txt"}


@pytest.mark.parametrize("way", ["../secret", "reports/../../secret", "..", "../shared2"])
def test_what_the_owner_did_not_name_is_not_there(api: TestClient, shared: Path, way: str):
    reply = add(api, f"{shared}/{way}")
    assert reply.status_code == 404
    assert "api_folders" in reply.json()["detail"]


@pytest.mark.parametrize("folder", ["/etc", "reports", ".", "~", "/", "\0"])
def test_no_other_path_is_opened(api: TestClient, folder: str):
    assert add(api, folder).status_code == 404


def test_a_large_file_is_refused_and_a_missing_folder_is_named(api: TestClient, shared: Path):
    (shared / "reports" / "old" / "large.txt").write_bytes(b"x" * (1 << 20) + b"x")
    assert outcomes(api, shared / "reports" / "old")["large.txt"] == "failed"
    assert "no such folder" in done(api, add(api, shared / "none"))["error"]


def test_it_is_off_unless_the_owner_names_folders(tmp_path: Path, client_of: MakeClient):
    with open_library(tmp_path) as library:
        api = client_of(library)
        assert api.get("/api/v1/folders").json() == []
        assert add(api, tmp_path).status_code == 404
    with pytest.raises(SettingsError, match="whole paths"):
        Settings().updated(api_folders="reports")


def test_a_key_below_admin_adds_none(library: Library, client_of: MakeClient, shared: Path):
    writer = client_of(library, library.keys.add("w", "write")[0])
    assert add(writer, shared).status_code == 403
    assert writer.get("/api/v1/folders").status_code == 403
