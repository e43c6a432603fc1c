"""Collections over HTTP and MCP: made, filled, asked, and as OpenAI's vector stores."""

from __future__ import annotations

import io

import pytest
from mcp import Client
from starlette.testclient import TestClient

from ranklens.library import Library
from serve.mcp.server import create
from serve.policy import Access, rule_of
from tests.serve.conftest import MakeClient, open_library, stock


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Library:
    """Three documents in the default collection, the comet in the collection far too."""
    folder = tmp_path_factory.mktemp("collections")
    with open_library(folder) as library:
        stock(library, folder)
        library.collections.make("far")
        library.collections.put("far", ["comet.txt"])
        library.start_worker()
        yield library


@pytest.fixture
def api(library: Library, client_of: MakeClient) -> TestClient:
    return client_of(library)


def documents(trace: dict) -> set[str]:
    return {hit["chunk"]["document"] for hit in trace["stages"][-1]["hits"]}


def test_a_collection_is_made_filled_renamed_and_removed(api: TestClient):
    made = api.post("/api/v1/collections", json={"name": " Near \n us "})
    assert (made.status_code, made.json()) == (201, {"name": "Near us", "documents": 0})
    assert api.post("/api/v1/collections", json={"name": "Near us"}).status_code == 409
    put = api.post("/api/v1/collections/Near us/documents", json={"names": ["moon.md"]})
    assert put.json() == {"name": "Near us", "documents": 1}
    unknown = api.post("/api/v1/collections/Near us/documents", json={"names": ["x"]})
    assert unknown.status_code == 404
    listed = api.get("/api/v1/collections/Near us/documents").json()
    assert [one["name"] for one in listed] == ["moon.md"]
    assert api.get("/api/v1/documents", params={"collection": "Near us"}).json() == listed
    renamed = api.put("/api/v1/collections/Near us", json={"name": "near"})
    assert renamed.json() == {"name": "near", "documents": 1}
    names = [one["name"] for one in api.get("/api/v1/collections").json()]
    assert names == ["default", "far", "near"]
    assert api.delete("/api/v1/collections/near/documents/moon.md").status_code == 204
    assert api.delete("/api/v1/collections/near/documents/moon.md").status_code == 404
    assert api.delete("/api/v1/collections/near").status_code == 204
    assert api.get("/api/v1/collections/near").status_code == 404
    assert api.delete("/api/v1/collections/default").status_code == 409


def test_questions_are_asked_within_a_collection(api: TestClient):
    body = {"question": "Which orbit is long?", "collection": "far"}
    for route in ("search", "ask"):
        trace = api.post(f"/api/v1/{route}", json=body).json()
        assert documents(trace) == {"comet.txt"}
        assert trace["settings"]["collection"] == "far"
    where = api.post("/api/v1/where", json={**body, "words": "The moon pulls"}).json()
    assert where["way"]["removal"]["where"] == "filter"
    assert "collection far" in where["way"]["removal"]["words"]
    unknown = api.post("/api/v1/search", json={**body, "collection": "fur"})
    assert unknown.status_code == 422
    assert "did you mean 'far'?" in unknown.json()["detail"]
    everything = api.post("/api/v1/search", json={"question": "orbit"}).json()
    assert documents(everything) == {"moon.md", "mars.txt", "comet.txt"}


def test_files_are_added_to_a_collection(api: TestClient, library: Library):
    files = [("files", ("halley.txt", io.BytesIO(b"The comet of Halley.")))]
    added = api.post("/api/v1/documents", files=files, data={"collection": "far"})
    assert added.json()[0]["status"] == "queued"
    api.get("/api/v1/indexing/events")
    assert library.collections.of_documents()["halley.txt"] == ("far",)
    refused = api.post("/api/v1/documents", files=files, data={"collection": "none"})
    assert refused.status_code == 404
    library.remove("halley.txt")


def test_a_question_set_names_its_collection(api: TestClient):
    body = {"questions": [{"id": "q1", "text": "tail"}], "collection": "far"}
    put = api.put("/api/v1/question-sets/Tails", json=body).json()
    assert put == {"name": "Tails", "questions": 1, "collection": "far"}
    assert put in api.get("/api/v1/question-sets").json()
    api.delete("/api/v1/question-sets/Tails")


def test_each_collection_is_a_vector_store(api: TestClient):
    stores = api.get("/api/v1/vector_stores").json()
    assert [one["id"] for one in stores["data"]] == ["default", "far"]
    assert (stores["first_id"], stores["last_id"]) == ("default", "far")
    far = api.get("/api/v1/vector_stores/far").json()
    assert far == stores["data"][1]
    assert far["file_counts"]["completed"] == 1
    found = api.post("/api/v1/vector_stores/far/search", json={"query": "orbit"}).json()
    assert {one["filename"] for one in found["data"]} == {"comet.txt"}
    for reply in (
        api.get("/api/v1/vector_stores/none"),
        api.post("/api/v1/vector_stores/none/search", json={"query": "orbit"}),
    ):
        assert reply.status_code == 404


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_tools_take_a_collection(library: Library, anyio_backend: str):
    async with Client(create(library)) as client:

        async def call(name: str, **arguments: object) -> dict:
            result = await client.call_tool(name, arguments)
            return result.structured_content or {"error": result.content[0].text}

        found = await call("search", question="orbit", collection="far")
        assert {one["passage"]["document"] for one in found["passages"]} == {"comet.txt"}
        listed = await call("list_documents", collection="far")
        assert [one["document"]["name"] for one in listed["documents"]] == ["comet.txt"]
        assert listed["collections"] == ["default", "far"]
        refused = await call("search", question="orbit", collection="fur")
        assert "did you mean 'far'?" in refused["error"]


@pytest.mark.parametrize(
    ("method", "path", "access"),
    [
        ("GET", "/v1/collections", Access.READ),
        ("GET", "/v1/collections/far/documents", Access.READ),
        ("POST", "/v1/collections", Access.WRITE),
        ("PUT", "/v1/collections/far", Access.WRITE),
        ("DELETE", "/v1/collections/far/documents/a", Access.WRITE),
        ("POST", "/v1/vector_stores/far/search", Access.READ),
    ],
)
def test_reading_and_changing_need_their_scopes(method: str, path: str, access: Access):
    assert rule_of(method, path).access == access
