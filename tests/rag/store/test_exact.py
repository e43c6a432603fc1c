"""Exact search within documents, against brute force, through any history."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.store import exact as exact_module
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


@pytest.mark.parametrize("few", [0, 1], ids=["all compared", "the scope's copied"])
def test_equals_brute_force(held, few, monkeypatch):
    catalogue, documents = held
    monkeypatch.setattr(exact_module, "A_FEW", few)
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


def test_a_search_for_everything_keeps_nothing(held):
    catalogue, documents = held
    exact = ExactVectors(catalogue)
    scope = exact.scope(sorted(documents))
    assert len(exact.search(np.ones(4, np.float32), scope, len(scope.ids))) == sum(SIZES)
    assert exact.bytes == 0


def test_what_is_forgotten_leaves_memory(held):
    catalogue, documents = held
    exact = ExactVectors(catalogue)
    keys = sorted(documents)
    scope = exact.scope(keys)
    found = exact.search(np.ones(4, np.float32), scope, 3)
    whole = exact.bytes
    exact.forget([keys[0], 999])
    assert 0 < exact.bytes < whole
    assert exact.search(np.ones(4, np.float32), scope, 3) == found  # by one that began before
    exact.forget(keys)
    assert exact.bytes == 0
    assert exact.search(np.ones(4, np.float32), scope, 3) == found


def test_only_documents_that_are_asked_for_are_in_memory(held):
    catalogue, documents = held
    exact = ExactVectors(catalogue)
    largest = sorted(documents)[SIZES.index(max(SIZES))]
    exact.search(np.ones(4, np.float32), exact.scope([largest]), 3)
    assert exact.bytes == max(SIZES) * 4 * 4


def test_documents_removed_since_the_scope_was_made_are_not_found(tmp_path):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    key = catalogue.add_document("d", 1, "d")
    chunks = [make_chunk(name, document="d") for name in "ab"]
    catalogue.add_chunks(key, 0, chunks, np.ones((2, 4), np.float32))
    exact = ExactVectors(catalogue)
    scope = exact.scope([key])
    catalogue.drop_chunks([key])
    assert exact.search(np.ones(4, np.float32), scope, 1) == []
    assert exact.search(np.ones(4, np.float32), scope, 2) == []
    catalogue.close()


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
