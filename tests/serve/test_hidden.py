"""Keys below admin see no folder of the server and no address of its services."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ranklens.library import Library
from tests.serve.conftest import MakeClient, open_library, stock

LLM = "http://10.9.8.7:4321/v1"
ENCODER = "/srv/private/models/words-small"
QUESTION = {"question": "moon"}
RERANK = {"model": "rerank-server", "query": "a", "documents": ["b"]}

TEXTS = {"question": "a", "texts": ["b"], "settings": {"reranker": "rerank-server"}}


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Iterator[Library]:
    """A library whose encoder is a folder, and whose models nobody answers for."""
    folder = tmp_path_factory.mktemp("hidden")
    urls = {"llm_base_url": LLM, "rerank_server_url": "http://127.0.0.1:9/private/v1"}
    options = {"llm_model": "m", "llm_retries": 0, "llm_seconds": 1, "rerank_server_key": "k"}
    with open_library(folder, encoder=ENCODER, **urls, **options) as opened:
        stock(opened, folder)
        opened.encoder.name = ENCODER
        opened.secrets = {name: opened.keys.add(name, name)[0] for name in ("read", "admin")}
        yield opened


@pytest.mark.parametrize(
    ("method", "path", "body", "shown"),
    [
        ("POST", "/v1/search", QUESTION, "words-small"),
        ("POST", "/v2/rerank", RERANK, "rerank server (address hidden)"),
        ("POST", "/v1/texts/rerank", TEXTS, "rerank server (address hidden)"),
        ("GET", "/v1/models", None, "words-small"),
        ("GET", "/v1/models/words-small", None, "words-small"),
        ("POST", "/v1/embeddings", {"model": "x", "input": "moon"}, "words-small"),
    ],
)
def test_no_folder_and_no_address_is_shown(
    library: Library, client_of: MakeClient, method: str, path: str, body: object, shown: str
):
    reply = client_of(library, library.secrets["read"]).request(method, f"/api{path}", json=body)
    assert shown in reply.text
    for place in ("/srv", "10.9.8.7", "127.0.0.1:9", "/private", str(Path.home())):
        assert place not in reply.text


def test_an_administrator_sees_them(library: Library, client_of: MakeClient):
    reply = client_of(library, library.secrets["admin"]).post("/api/v1/search", json=QUESTION)
    assert reply.json()["settings"]["llm_base_url"] == LLM
    assert reply.json()["settings"]["encoder"] == ENCODER


def test_what_documents_hold_is_left_alone(library: Library, client_of: MakeClient, tmp_path):
    path = tmp_path / "paths.txt"
    path.write_text(f"The encoder is in {ENCODER}.", "utf-8")
    library.add(path)
    reader = client_of(library, library.secrets["read"])
    assert ENCODER in reader.get("/api/v1/text", params={"document": "paths.txt"}).text


def test_a_key_of_an_account_opens_nothing_where_nobody_signs_in(library: Library, client_of):
    secret, _ = library.keys.add("ada's program", "admin", "ada")
    assert client_of(library, secret).get("/api/v1/documents").status_code == 401
