"""Exact search within documents, against brute force, through any history."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.store import bounds
from rag.store import exact as exact_module
from rag.store.bounds import Bounds
from rag.store.catalogue import Catalogue
from rag.store.exact import ExactVectors
from rag.store.inverted import InvertedIndex
from rag.store.okapi import OkapiIndex
from tests.fakes import make_chunk
from tests.rag.store.words import Words

RANDOM = np.random.default_rng(3)
SIZES = (3, 1, 40, 7, 0, 12)


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """A catalogue of documents with random vectors: (catalogue, {document: {chunk: vector}})."""
    catalogue = Catalogue(tmp_path_factory.mktemp("exact") / "catalogue.sqlite")
    documents = {}
    for n, size in enumerate(SIZES):
        key = catalogue.add_document(f"d{n}", 1, f"{n}")
        rows = RANDOM.integers(-3, 4, (size, 4)).astype(np.float32)  # with ties
        chunks = [make_chunk(f"{n}-{i}", document=f"d{n}") for i in range(size)]
        catalogue.add_chunks(key, 0, chunks, rows)
        documents[key] = {c.id: row for c, row in zip(chunks, rows, strict=True)}
    yield catalogue, documents
    catalogue.close()


@pytest.mark.parametrize("few", [0, 4], ids=["by bounds", "small parts read"])
def test_equals_brute_force(held, few, monkeypatch):
    catalogue, documents = held
    monkeypatch.setattr(exact_module, "FEW", few)
    exact = ExactVectors(catalogue)

    @settings(max_examples=60, deadline=None)
    @given(
        st.sets(st.sampled_from(sorted(documents))),
        st.integers(0, 70),
        st.lists(st.integers(-2, 2), min_size=4, max_size=4),
    )
    def holds(chosen, k, query):
        vector = np.array(query, np.float32)
        everything = [
            (id, float(row @ vector))
            for key in sorted(chosen)
            for id, row in documents[key].items()
        ]
        expected = sorted(everything, key=lambda pair: -pair[1])[:k]
        assert exact.search(vector, exact.scope(sorted(chosen)), k) == expected

    holds()


def test_a_scope_knows_its_chunks_and_is_remembered(held):
    catalogue, documents = held
    exact = ExactVectors(catalogue)
    one, two = sorted(documents)[:2]
    scope = exact.scope([two, one])
    assert scope.ids == documents[one].keys() | documents[two].keys()
    assert exact.scope([one, two]) is scope


def test_what_is_forgotten_goes_once_it_is_most(held, monkeypatch):
    catalogue, documents = held
    monkeypatch.setattr(exact_module, "FEW", 0)
    exact = ExactVectors(catalogue)
    keys = sorted(documents)
    assert exact.bytes == 0
    scope = exact.scope(keys)
    found = exact.search(np.ones(4, np.float32), scope, 3)
    assert exact.bytes > 0
    exact.forget([keys[0], 999])
    assert exact.bytes > 0
    assert exact.search(np.ones(4, np.float32), scope, 3) == found  # by one that began before
    exact.forget([keys[2]])
    assert exact.bytes == 0
    assert exact.search(np.ones(4, np.float32), scope, 3) == found


def test_documents_removed_since_the_scope_was_made_are_not_found(tmp_path, monkeypatch):
    monkeypatch.setattr(exact_module, "FEW", 0)
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    key = catalogue.add_document("d", 1, "d")
    catalogue.add_chunks(key, 0, [make_chunk("a", document="d")], np.ones((1, 4), np.float32))
    exact = ExactVectors(catalogue)
    scope = exact.scope([key])
    catalogue.drop_chunks([key])
    assert exact.search(np.ones(4, np.float32), scope, 3) == []
    catalogue.close()


@pytest.mark.parametrize("scale", [1.0, 9.0, 1e-30, 0.0])
def test_every_product_is_within_its_bounds(scale, monkeypatch):
    monkeypatch.setattr(bounds, "CAPACITY", 50)
    rows = RANDOM.standard_normal((120, 384)).astype(np.float32)
    rows *= np.exp(RANDOM.standard_normal((120, 384))).astype(np.float32)  # a few large values
    rows = np.float32(scale) * rows / np.linalg.norm(rows, axis=1, keepdims=True)
    held = Bounds(384)
    for part in (rows[:30], rows[30:31], rows[31:]):
        held.add(part)
    for vector in (*rows[:20], -rows[3], np.eye(384, dtype=np.float32)[7]):
        least, most = held.of(vector)
        products = rows.astype(np.float64) @ vector
        assert (least <= products).all()
        assert (products <= most).all()
        assert (most - least).max() <= 0.3 * max(1, scale) ** 2  # and they are worth something
        some = np.array([0, 3, 49, 50, 119])
        closer = held.closer(vector, some)
        assert (closer[0] <= products[some]).all()
        assert (products[some] <= closer[1]).all()
        width = most[some] - least[some]
        assert (closer[1] - closer[0] <= width + 1e-4 * max(1, scale) ** 2).all()
    assert len(held) == 120


CHUNKS = st.lists(st.text("abcd", max_size=6).map(" ".join), max_size=12)


@pytest.mark.parametrize("engine", [InvertedIndex, OkapiIndex], ids=["inverted", "rank-bm25"])
def test_words_within_equal_brute_force(engine, tmp_path):
    @settings(max_examples=150, deadline=None)
    @given(
        CHUNKS, CHUNKS, st.text("abcz", max_size=4), st.sets(st.integers(0, 30)), st.integers(0, 9)
    )
    def holds(first, second, query, chosen, k):
        index = engine(tmp_path, Words())
        texts = [*first, *second]
        ids = [str(n) for n in range(len(texts))]
        index.add(ids[: len(first)], first)
        index.add(ids[len(first) :], second)
        index.remove(ids[::5])
        within = frozenset(str(n) for n in chosen)
        words = " ".join(query)
        everything = index.search(words, len(texts))
        expected = [pair for pair in everything if pair[0] in within][:k]
        assert index.search(words, k, within) == expected
        assert index.search(words, k, within) == expected  # from what was remembered

    holds()


def test_a_change_is_seen_within(tmp_path):
    index = InvertedIndex(tmp_path, Words())
    within = frozenset({"1", "4"})
    index.add(["1", "2", "3"], ["a", "a", "b"])
    assert [id for id, _ in index.search("a", 9, within)] == ["1"]
    index.add(["4", "5"], ["a", "c"])
    index.remove(["1"])
    assert [id for id, _ in index.search("a", 9, within)] == ["4"]
