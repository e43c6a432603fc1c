"""The contract of every vector store: exact in memory, Chroma embedded, Chroma on a server."""

import socket
import subprocess
import sys
import time
from contextlib import closing

import numpy as np
import pytest

from rag.errors import LibraryError
from rag.store.vectors import ChromaStore
from tests.rag.store.vector_fakes import ExactStore

FACTS = {"encoder": "words", "dimension": 3}


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A real `chroma run`."""
    port = free_port()
    folder = tmp_path_factory.mktemp("chroma")
    code = "from chromadb.cli.cli import app; app()"
    command = ["run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(150):
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            pytest.fail("chroma run did not start within 15 s")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(params=["exact", "embedded", "server"])
def store(request, tmp_path):
    if request.param == "exact":
        made = ExactStore()
    elif request.param == "embedded":
        made = ChromaStore.embedded(tmp_path / "chroma")
    else:
        name = f"test-{abs(hash(request.node.name)) % 10**8}"
        made = ChromaStore.server(request.getfixturevalue("server"), name)
    made.reset(FACTS)
    yield made
    made.close()


def rows(*vectors):
    matrix = np.array(vectors, np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def test_the_nearest_come_first_with_their_cosines(store):
    store.add(["x", "y", "z"], rows([1, 0, 0], [1, 1, 0], [0, 0, 1]))
    found = store.search(rows([1, 0, 0])[0], 2)
    assert [name for name, _ in found] == ["x", "y"]
    assert [score for _, score in found] == pytest.approx([1.0, 0.5**0.5], abs=1e-5)


def test_asking_for_more_than_there_is_gives_all(store):
    store.add(["x", "y"], rows([1, 0, 0], [0, 1, 0]))
    assert len(store.search(rows([1, 0, 0])[0], 50)) == 2


def test_an_empty_store_finds_nothing(store):
    assert store.search(rows([1, 0, 0])[0], 5) == []
    assert store.count() == 0
    assert store.ids() == set()


def test_adding_again_replaces(store):
    store.add(["x"], rows([1, 0, 0]))
    store.add(["x"], rows([0, 1, 0]))
    assert store.count() == 1
    assert store.search(rows([0, 1, 0])[0], 1)[0][1] == pytest.approx(1.0, abs=1e-5)


def test_removed_ids_are_gone_and_unknown_ones_ignored(store):
    store.add(["x", "y"], rows([1, 0, 0], [0, 1, 0]))
    store.remove(["x", "never there"])
    store.remove([])
    assert store.ids() == {"y"}


def test_facts_are_remembered_and_a_reset_empties(store):
    store.add(["x"], rows([1, 0, 0]))
    assert dict(store.facts()) == FACTS
    store.reset({"encoder": "other", "dimension": 3})
    assert (store.count(), store.facts()["encoder"]) == (0, "other")


def test_more_rows_than_a_call_takes(store):
    vectors = np.random.default_rng(0).normal(size=(5_600, 3)).astype(np.float32)
    store.add([f"v{i}" for i in range(len(vectors))], vectors)
    assert store.count() == 5_600


def test_the_embedded_store_survives_a_restart(tmp_path):
    store = ChromaStore.embedded(tmp_path / "c")
    store.reset(FACTS)
    store.add(["x"], rows([1, 0, 0]))
    store.close()
    again = ChromaStore.embedded(tmp_path / "c")
    assert dict(again.facts()) == FACTS
    assert again.ids() == {"x"}
    again.close()


def test_a_server_that_does_not_answer_is_named_with_the_way_out():
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(LibraryError, match=rf"{url}.*chroma run"):
        ChromaStore.server(url, "x")


def test_a_damaged_folder_names_the_way_out(tmp_path):
    (tmp_path / "chroma.sqlite3").write_bytes(b"this is no database" * 100)
    with pytest.raises(LibraryError, match="ranklens rebuild"):
        ChromaStore.embedded(tmp_path)


def test_an_env_file_of_the_working_folder_moves_no_vectors(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text(
        "CHROMA_API_IMPL=chromadb.api.fastapi.FastAPI\nCHROMA_SERVER_HOST=127.0.0.1\n"
        "CHROMA_SERVER_HTTP_PORT=9\n"
    )
    monkeypatch.chdir(tmp_path)
    with closing(ChromaStore.embedded(tmp_path / "chroma")) as store:
        store.add(["a"], np.eye(3, dtype=np.float32)[:1])
        assert store.ids() == {"a"}


def test_a_server_that_is_not_there_is_named_without_its_password():
    with pytest.raises(LibraryError, match=r"http://127\.0\.0\.1:9") as error:
        ChromaStore.server("http://user:hunter2@127.0.0.1:9", "chunks")
    assert "hunter2" not in str(error.value)
