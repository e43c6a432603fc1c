"""A library whose vectors are on a Chroma server."""

import ranklens.library
from ranklens.library import Library
from tests.fakes import WordEncoder
from tests.rag.store.test_vectors import server

__all__ = ["server"]


def test_vectors_live_on_the_server_and_survive_a_restart(settings, server, tmp_path, monkeypatch):
    monkeypatch.setattr(ranklens.library, "load_encoder", lambda _settings: WordEncoder())
    there = settings.updated(chroma_url=server, reranker="none")
    path = tmp_path / "moon.txt"
    path.write_text("The moon in its orbit.")
    with Library.open(there) as library:
        library.enqueue(path)
        assert [o.status for o in library.work()] == ["added"]
    assert not (there.library / "chroma").exists()
    with Library.open(there) as library:
        trace = library.pipeline.search("moon")
        assert [h.chunk.document for h in trace.stage("dense").hits] == ["moon.txt"]
        assert library.verify().problems == ()
        assert library.rebuild().problems == ()
        library.remove("moon.txt")
        assert library.verify().vectors == 0
