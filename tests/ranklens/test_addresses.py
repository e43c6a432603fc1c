"""A document from an address: added, fetched again, refused."""

import pytest

from ingest.web import Fetched
from rag.errors import DocumentError
from ranklens import addresses, sources
from tests.fakes import WordEncoder

ADDRESS = "https://example.org/moon"


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())


@pytest.fixture
def web(monkeypatch):
    """What is at the address: bytes, or why it cannot be fetched."""
    found = {"there": b"The Moon is round."}

    def fetch(address, into, *, most_mb, seconds):
        if isinstance(found["there"], str):
            raise DocumentError(found["there"])
        into.write(found["there"])
        return Fetched("example.org/moon.txt", address)

    monkeypatch.setattr(addresses, "fetch", fetch)
    return found


def test_addresses_are_added_beside_files(library, web, tmp_path):
    (tmp_path / "a.txt").write_text("Mars is red.")
    outcomes = library.add([ADDRESS, tmp_path / "a.txt"])
    assert {(outcome.name, outcome.status) for outcome in outcomes} == {
        ("example.org/moon.txt", "added"),
        ("a.txt", "added"),
    }
    assert library.text("example.org/moon.txt") == "The Moon is round."
    (source,) = library.sources.all()
    assert (source.kind, source.place, source.changes) == (
        "address", ADDRESS, {"added": ["example.org/moon.txt"]},
    )  # fmt: skip


def test_it_is_fetched_again_under_its_name(library, web):
    library.add(ADDRESS)
    (source,) = library.sources.all()
    assert sources.look_again(library, source) == "nothing has changed"
    web["there"] = b"The Moon is far."
    assert sources.look_again(library, source) == "it has changed"
    library.work()
    assert [document.name for document in library.documents()] == ["example.org/moon.txt"]
    assert library.text("example.org/moon.txt") == "The Moon is far."
    web["there"] = "example.org answered with status 404"
    assert sources.look_again(library, source) == "example.org answered with status 404"
    (source,) = library.sources.all()
    assert source.problem == "example.org answered with status 404"


def test_another_documents_name_is_not_taken(library, web, tmp_path):
    path = tmp_path / "own"
    path.write_text("My own notes.")
    library.enqueue(path, "example.org/moon.txt")
    library.add(ADDRESS)
    assert library.text("example.org/moon.txt") == "My own notes."
    assert library.text("example.org/moon (2).txt") == "The Moon is round."


def test_a_refusal_is_an_outcome(library, web):
    web["there"] = "localhost is no public address"
    (outcome,) = library.add(ADDRESS)
    assert (outcome.status, outcome.reason) == ("failed", "localhost is no public address")
    assert library.sources.all() == []
    (outcome,) = library.add("http://user:secret@example.org/")
    assert (outcome.name, outcome.status) == ("http://example.org/", "failed")


def test_it_is_forgotten_with_its_document(library, web):
    library.add(ADDRESS)
    library.tags.put("example.org/moon.txt", ["moon", " moon ", "far  away"])
    assert library.tags.all() == {"example.org/moon.txt": ("far away", "moon")}
    library.remove("example.org/moon.txt")
    assert library.sources.all() == []
    assert library.tags.all() == {}
