"""A Ranklens that encodes and reranks for another one, over the compatible routes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.errors import ProviderError
from rag.models.load import load_encoder
from rag.settings import Settings
from ranklens.library import Library
from tests.ranklens.bridges import BEST, QUESTION, text


def test_a_library_is_encoded_and_reranked_by_another_ranklens(
    bridges: Library, address: str, tmp_path: Path, cache_folder: Path
):
    (tmp_path / "bridges.md").write_text(text(), "utf-8")
    settings = Settings(
        library=tmp_path / "library", cache=cache_folder, chunk_tokens=60,
        encoder_url=f"{address}/v1", rerank_server_url=f"{address}/v1", tei_url=address,
    )  # fmt: skip
    with Library.open(settings) as library:
        assert [one.status for one in library.add([tmp_path / "bridges.md"])] == ["added"]
        chunk, *_ = library.chunks("bridges.md")
        (own,) = bridges.index.catalogue.vectors([chunk.id]).values()
        (got,) = library.index.catalogue.vectors([chunk.id]).values()
        assert np.dot(got, own) > 0.99  # in int8 a vector depends a little on those beside it
        for reranker in ("rerank-server", "rerank-server:maxsim", "tei"):
            trace = library.search(QUESTION, reranker=reranker)
            assert not trace.stage("reranked").fell_back, trace.stage("reranked").note
            assert BEST in trace.evidence[0].chunk.text
        assert library.index.tokens.fetch([chunk.passage]) == [None]
    # The same weights here: no reindexing when the server is given up, and none to have one.
    with Library.open(settings.updated(encoder_url="")) as library:
        assert BEST in library.search(QUESTION).evidence[0].chunk.text
    with Library.open(settings) as library:
        assert library.encoder.dimension == bridges.encoder.dimension


def test_the_address_without_v1_is_an_error_that_names_the_option(address: str, cache_folder: Path):
    with pytest.raises(ProviderError, match="Check the model's name and encoder_url"):
        load_encoder(Settings(cache=cache_folder, encoder_url=address))
