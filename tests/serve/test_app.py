import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from rag.errors import LibraryInUse
from serve.app import alone
from serve.library import OpenLibrary
from serve.requests import ID, log
from tests.serve.conftest import DOCUMENTS, OWN


def test_the_documents_are_listed(api: TestClient):
    rows = api.get("/api/v1/documents").json()
    assert [(row["name"], row["status"]) for row in rows] == [
        (name, "ready") for name in sorted(DOCUMENTS)
    ]


def test_health_answers(api: TestClient):
    assert api.get("/api/health").json() == {"status": "ok"}


def test_health_answers_to_any_address(api: TestClient):
    named = {"Host": "192.0.2.7:8600"}
    assert api.get("/api/health", headers=named).status_code == 200
    assert api.get("/api/v1/documents", headers=named).status_code == 403
    assert api.get("/api/health", headers={"Host": "evil.example"}).status_code == 403


def test_it_is_ready_while_its_database_answers(client_of, stocked, monkeypatch):
    api = client_of(stocked, client="192.0.2.7")
    named = {"Host": "192.0.2.7:8600"}
    assert api.get("/api/ready", headers=named).json() == {"status": "ready"}
    assert api.head("/api/ready", headers=named).status_code == 200

    def broken(*_):
        raise OperationalError("select 1", {}, Exception("password of the database"))

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "connect", broken)
        reply = api.get("/api/ready", headers=named)
    assert reply.status_code == 503
    assert "server log" in reply.json()["detail"]
    assert "password" not in reply.text
    assert api.get("/api/ready", headers=named).status_code == 200


def test_it_is_ready_once_the_library_is_open_and_not_while_it_opens(stocked):
    opens, tries = threading.Event(), []

    def slowly():
        tries.append(1)
        assert opens.wait(30)
        return stocked

    app = alone(OpenLibrary(slowly, lambda: stocked.settings))
    here = {"base_url": f"http://{OWN}", "client": ("127.0.0.1", 1)}
    with TestClient(app, **here) as api, ThreadPoolExecutor() as callers:
        first = callers.submit(api.get, "/api/ready")
        while not tries:
            time.sleep(0.01)
        assert api.get("/api/ready").json()["detail"] == "The library is being opened."
        opens.set()
        assert first.result(30).status_code == 200
        assert api.get("/api/ready").status_code == 200
        api.app.routes[0].app.state.stopping._leaving.set()
        assert api.get("/api/ready").status_code == 503
        assert api.get("/api/v1/documents").status_code == 200
        assert api.get("/api/health").status_code == 200
    assert len(tries) == 1


def test_a_library_that_cannot_be_opened_is_not_ready(settings):
    def fails():
        raise LibraryInUse(f"{settings.library} is open in another program")

    app = alone(OpenLibrary(fails, lambda: settings))
    with TestClient(app, base_url=f"http://{OWN}") as api:
        for _ in range(2):
            reply = api.get("/api/ready")
            assert reply.status_code == 503
            assert str(settings.library) not in reply.text


def test_the_address_that_it_listens_on_is_its_name(stocked):
    app = alone(OpenLibrary(lambda: stocked, lambda: stocked.settings), "2001:db8::7")
    for host, client, status in (
        ("[::1]:8600", "::1", 200),
        ("[2001:db8::7]:8600", "2001:db8::9", 401),
        ("[2001:db8::8]:8600", "2001:db8::9", 403),
    ):
        api = TestClient(app, base_url="http://localhost", client=(client, 50000))
        assert api.get("/api/v1/documents", headers={"Host": host}).status_code == status


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


def test_the_log_has_a_line_with_the_id_and_no_key(client_of, stocked, caplog):
    caplog.set_level("INFO", logger=log.name)
    api = client_of(stocked)
    secret = "rl_00000000_secret"
    headers = {ID: "mine-2", "Authorization": f"Bearer {secret}"}
    api.get("/api/v1/documents/a%1Bb?x=1", headers=headers)
    (line,) = caplog.messages
    assert re.fullmatch(r"GET /api/v1/documents/a\\x1bb 404 \d+ ms mine-2", line)
    assert secret not in caplog.text


def test_what_broke_is_logged_and_not_shown(client_of, stocked, caplog, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("secret of the house")

    monkeypatch.setattr(stocked, "documents", broken)
    reply = client_of(stocked).get("/api/v1/documents", headers={ID: "mine-3"})
    assert reply.status_code == 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert "mine-3" in reply.json()["detail"]
    assert "secret" not in reply.text
    assert "secret of the house" in caplog.text
    assert "request mine-3 failed" in caplog.text


def test_a_library_that_cannot_be_opened_is_a_problem(settings):
    def fails():
        raise LibraryInUse(f"{settings.library} is open in another program")

    app = alone(OpenLibrary(fails, lambda: settings))
    here = ("127.0.0.1", "the library is open in another program")
    for client, words in (here, ("192.0.2.7", "The library is not open.")):
        api = TestClient(app, base_url=f"http://{OWN}", client=(client, 1))
        reply = api.get("/api/v1/documents")
        assert reply.status_code == 503
        assert reply.json()["detail"] == words
        assert api.get("/api/health").status_code == 200
