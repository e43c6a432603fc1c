from starlette.testclient import TestClient

from serve.requests import ID
from tests.serve.conftest import DOCUMENTS


def test_the_documents_are_listed(api: TestClient):
    rows = api.get("/api/v1/documents").json()
    assert [(row["name"], row["status"]) for row in rows] == [
        (name, "ready") for name in sorted(DOCUMENTS)
    ]


def test_health_answers(api: TestClient):
    assert api.get("/api/health").json() == {"status": "ok"}


def test_every_answer_has_the_request_s_id(api: TestClient):
    assert api.get("/api/health", headers={ID: "mine-1"}).headers[ID] == "mine-1"
    made = [api.get(path).headers[ID] for path in ("/api/health", "/api/none")]
    assert len({*made}) == 2
    assert api.get("/api/health", headers={ID: "x" * 65}).headers[ID] != "x" * 65


def test_an_unknown_path_is_a_problem(api: TestClient):
    reply = api.get("/api/none")
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["title"] == "Not Found"
