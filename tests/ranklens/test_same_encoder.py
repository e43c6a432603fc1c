"""A library whose encoder is behind a URL: the same model or none, and BM25 while it is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rag.errors import LibraryMismatch, ProviderError
from rag.models.served import ServedEncoder
from rag.settings import Settings
from ranklens.library import Library
from tests.fakes import WordEncoder
from tests.servers.embed_server import KEY, EmbedServer


@pytest.fixture
def server() -> Iterator[EmbedServer]:
    with EmbedServer() as running:
        yield running


@pytest.fixture
def there(server: EmbedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with which the fake server encodes, and the fake encoder counts tokens."""
    monkeypatch.setattr(
        "ranklens.library.load_encoder", lambda settings: ServedEncoder(settings, WordEncoder())
    )
    settings = Settings(
        library=tmp_path / "library", cache=tmp_path, encoder="words", reranker="none",
        encoder_url=server.url, encoder_key=KEY,
    )  # fmt: skip
    path = tmp_path / "moon.txt"
    path.write_text("The moon pulls the tide. A probe landed on it.")
    with Library.open(settings) as library:
        assert [one.status for one in library.add([path])] == ["added"]
        assert library.search("moon").stage("dense").hits
    return settings


def other(texts: list[str]) -> np.ndarray:
    return np.roll(WordEncoder().encode(texts), 1, axis=1)


def test_another_model_of_as_many_dimensions_is_refused(server: EmbedServer, there: Settings):
    with Library.open(there) as library:
        assert library.search("moon").stage("dense").hits
    server.encode = other
    with pytest.raises(LibraryMismatch, match="does not run the model that the library was"):
        Library.open(there)
    with Library.open(there, reindex=True) as library:  # nobody holds it, and all is encoded anew
        library.work()
        assert library.index.catalogue.live_ids()
    with Library.open(there) as library:
        assert library.search("moon").stage("dense").hits


def test_another_dimension_is_refused(server: EmbedServer, there: Settings):
    server.encode = lambda texts: WordEncoder().encode(texts)[:, :5] + 0.1
    with pytest.raises(LibraryMismatch, match="dimension is 8 there and 5 here"):
        Library.open(there)


def test_bm25_answers_while_the_server_is_away(server: EmbedServer, there: Settings):
    with Library.open(there.updated(encoder_seconds=0.5)) as library:
        server.fail(*[(500, {"error": "out of memory"})] * 10)
        trace = library.search("moon tide")
        assert trace.stage("dense").fell_back
        assert "The encoder's server" in trace.stage("dense").note
        assert trace.evidence
        server.faults.clear()
        assert library.search("moon tide").stage("dense").hits


def test_a_document_waits_while_the_server_is_away(
    server: EmbedServer, there: Settings, tmp_path: Path
):
    (tmp_path / "mars.txt").write_text("Mars has a ring.")
    with Library.open(there.updated(encoder_seconds=0.5)) as library:
        library.enqueue(tmp_path / "mars.txt")
        server.fail(*[(503, {"error": "loading"})] * 10)
        assert library.work() == []
        assert "failed (503)" in library.progress().problem
        assert library.progress().waits
        server.faults.clear()
        assert [one.status for one in library.work()] == ["added"]


def test_a_server_that_is_not_there_is_an_error_in_words(there: Settings):
    away = there.updated(encoder_url="http://127.0.0.1:1", encoder_key=KEY, encoder_seconds=0.5)
    with pytest.raises(ProviderError, match="cannot be reached"):
        Library.open(away)
    Library.open(there).close()
