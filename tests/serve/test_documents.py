"""Documents over HTTP: added, listed, read, indexed, removed."""

from __future__ import annotations

import io

import pytest
from starlette.testclient import TestClient

from ranklens.library import Library
from tests.serve.conftest import DOCUMENTS, MakeClient, open_library
from tests.serve.test_questions import events


@pytest.fixture
def empty(tmp_path) -> Library:
    """An empty library with a worker, as a server has it."""
    with open_library(tmp_path, max_file_mb=1) as library:
        library.start_worker()
        yield library


def upload(api: TestClient, **files: str | bytes):
    named = [("files", (name, io.BytesIO(_bytes(data)))) for name, data in files.items()]
    return api.post("/api/v1/documents", files=named)


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def test_a_document_is_added_indexed_and_removed(empty: Library, client_of: MakeClient):
    api = client_of(empty)
    reply = upload(api, **{"reports/a.md": "The moon is red.", "b.exe": b"\0\1"})
    assert reply.status_code == 202
    assert [(one["name"], one["status"]) for one in reply.json()] == [
        ("reports/a.md", "queued"), ("b.exe", "queued")
    ]  # fmt: skip
    followed = events(api.get("/api/v1/indexing/events").text)
    assert followed[-1][0] == "done"
    assert {name for name, _ in followed[:-1]} <= {"progress"}
    document = api.get("/api/v1/documents/reports/a.md").json()
    assert (document["status"], document["chunks"]) == ("ready", 1)
    failed = api.get("/api/v1/documents/b.exe").json()
    assert failed["status"] == "failed"
    assert failed["reason"]
    assert api.get("/api/v1/text", params={"document": "reports/a.md"}).json()["text"] == (
        "The moon is red."
    )
    (passage,) = api.get("/api/v1/passages", params={"document": "reports/a.md"}).json()
    assert api.get(f"/api/v1/passages/{passage['id']}").json() == passage
    again = upload(api, **{"reports/a.md": "The moon is red."}).json()
    assert again[0]["status"] == "unchanged"
    assert api.delete("/api/v1/documents/reports/a.md").status_code == 204
    assert api.delete("/api/v1/documents/reports/a.md").status_code == 404
    assert [one["name"] for one in api.get("/api/v1/documents").json()] == ["b.exe"]


def test_indexing_is_stopped_and_resumed(empty: Library, client_of: MakeClient):
    api = client_of(empty)
    assert api.delete("/api/v1/indexing").status_code == 204
    upload(api, **{"a.md": "The moon is red."})
    assert events(api.get("/api/v1/indexing/events").text)[-1][1]["stopped"] is False
    assert api.get("/api/v1/documents/a.md").json()["status"] == "ready", "adding resumes it"
    resumed = api.post("/api/v1/indexing")
    assert resumed.status_code == 202
    assert resumed.json()["seconds_left"] is None


def test_documents_are_indexed_again(empty: Library, client_of: MakeClient):
    api = client_of(empty)
    upload(api, **{"a.md": "The moon is red."})
    api.get("/api/v1/indexing/events")
    assert api.post("/api/v1/reindex", json={"names": ["a.md"]}).json() == {"names": ["a.md"]}
    assert events(api.get("/api/v1/indexing/events").text)[-1][1]["problem"] == ""
    assert api.get("/api/v1/documents/a.md").json()["status"] == "ready"
    unknown = api.post("/api/v1/reindex", json={"names": ["b.md"]})
    assert unknown.status_code == 404
    assert "did you mean 'a.md'?" in unknown.json()["detail"]


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    empty: Library, client_of: MakeClient
):
    reply = upload(client_of(empty), **{"a.md": b"x" * (2 << 20)})
    assert reply.status_code == 413
    assert "max_file_mb" in reply.json()["detail"]


def test_a_body_that_announces_nothing_is_cut_off_at_the_limit(
    stocked: Library, client_of: MakeClient
):
    def pieces():
        yield b'{"question": "'
        for _ in range(40):
            yield b"x" * (64 << 10)

    reply = client_of(stocked).post("/api/v1/search", content=pieces())
    assert reply.status_code == 413
    assert "api_body_kb" in reply.json()["detail"]
    large = client_of(stocked).post("/api/v1/search", content=b"x" * (2 << 20))
    assert large.status_code == 413


def test_an_upload_without_a_file_is_a_problem(api: TestClient):
    assert api.post("/api/v1/documents").status_code == 422
    assert api.post("/api/v1/documents", data={"files": "x"}).status_code == 422


def test_passages_are_found_by_words(api: TestClient):
    found = api.get("/api/v1/passages", params={"words": "comet tail"}).json()
    assert found[0]["document"] == "comet.txt"
    assert api.get("/api/v1/passages").json() == []


def test_the_list_is_paged(api: TestClient, stocked: Library):
    every = api.get("/api/v1/passages", params={"document": "moon.md"}).json()
    second = api.get(
        "/api/v1/passages", params={"document": "moon.md", "offset": 1, "limit": 1}
    ).json()
    assert len(every) == len(stocked.chunks("moon.md"))
    assert second == every[1:2]


@pytest.mark.parametrize(
    "path", ["/documents/x.md", "/text?document=x.md", "/passages?document=x.md", "/passages/0"]
)
def test_what_is_not_there(api: TestClient, path: str):
    reply = api.get(f"/api/v1{path}")
    assert reply.status_code == 404
    assert reply.json()["type"] == "urn:ranklens:problem:not-there"


def test_every_document_of_the_library_is_named(api: TestClient):
    assert {one["name"] for one in api.get("/api/v1/documents").json()} == set(DOCUMENTS)


@pytest.mark.parametrize("name", [".", "..", " ", ""])
def test_a_file_without_a_name_is_refused(client_of, tmp_path, name: str):
    head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    with open_library(tmp_path) as library:
        reply = client_of(library).post(
            "/api/v1/documents", content=f"{head}moon\r\n--b--\r\n", headers=form
        )
        assert reply.status_code == 422
        assert library.documents() == []
