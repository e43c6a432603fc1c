"""pgvector: what is compared one and all, and what its graph finds."""

import numpy as np
import pytest

from rag.errors import LibraryError
from rag.store.postgres import store as store_module
from rag.store.postgres import vectors
from tests.rag.store import stores
from tests.rag.store.stores import DIMENSION, add, chunks_of

MANY = 1500
RANDOM = np.random.default_rng(0)


def unit(*shape):
    rows = RANDOM.standard_normal(shape).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def store(postgres_module, tmp_path_factory):
    """A large document and one of a twentieth of its chunks."""
    made = stores.on_postgres(postgres_module, tmp_path_factory.mktemp("vectors"))
    for name, count in (("large", MANY), ("small", MANY // 20)):
        document = made.catalogue.add_document(name, 1, name)
        made.claim()
        made.add(document, 0, chunks_of(name, ["text"] * count), unit(count, DIMENSION))
        made.publish(document, 0.1)
    yield made
    made.close()


def names(found):
    return [id for id, _ in found]


def test_up_to_a_number_of_chunks_all_are_compared(store, monkeypatch):
    assert store.is_exact(None)
    monkeypatch.setattr(store_module, "COMPARED", MANY // 20)
    assert not store.is_exact(None)
    (small,) = store.catalogue.documents(name="small")
    assert store.is_exact(store.scope([small.id]))
    (large,) = store.catalogue.documents(name="large")
    assert not store.is_exact(store.scope([large.id]))


def test_the_graph_finds_the_nearest_with_their_cosines(store, monkeypatch):
    monkeypatch.setattr(store_module, "COMPARED", 0)
    for query in unit(5, DIMENSION):
        exact = store.vectors.compare(query, 10)
        found = store.near(query, 10)
        assert len({*names(found)} & {*names(exact)}) >= 9
        assert [s for _, s in found] == sorted((s for _, s in found), reverse=True)
        (stored,) = store.catalogue.vectors([found[0][0]]).values()
        assert found[0][1] == pytest.approx(float(stored @ query), abs=1e-6)


def test_a_filter_loses_nothing_however_often_it_is_asked(store, monkeypatch):
    """The same statement again and again: a plan that is kept would lose most of it."""
    monkeypatch.setattr(store_module, "COMPARED", 0)
    (small,) = store.catalogue.documents(name="small")
    scope = store.scope([small.id])
    for query in unit(14, DIMENSION):
        exact = store.compare(query, scope, 10)
        found = store.near(query, 10, scope)
        assert {*names(found)} <= scope.ids
        assert len({*names(found)} & {*names(exact)}) >= 9


def test_more_are_found_than_the_graph_is_searched_wide(store, monkeypatch):
    monkeypatch.setattr(store_module, "COMPARED", 0)
    assert len(store.near(unit(DIMENSION), MANY)) == MANY


def test_an_old_pgvector_is_refused_with_the_way_out(store, monkeypatch):
    monkeypatch.setattr(vectors, "LEAST_VERSION", (99, 0, 0))
    refused = pytest.raises(
        LibraryError, match=r"pgvector .*99\.0\.0 or newer is needed: update it"
    )
    with store.catalogue.engine.begin() as db, refused:
        vectors.prepare(db, DIMENSION)


def test_another_dimension_empties_the_vectors_and_rebuild_fills_them(postgres, tmp_path):
    store = stores.on_postgres(postgres, tmp_path)
    add(store, "a", "mars", "moon")
    with store.catalogue.engine.begin() as db:
        vectors.prepare(db, DIMENSION + 1)
        vectors.prepare(db, DIMENSION)
    assert store.verify().problems == ("pgvector lacks 2 of 2 chunks",)
    assert store.rebuild().problems == ()
    store.close()
