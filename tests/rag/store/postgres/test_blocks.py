"""Blocks of postings: joined like the segments of the embedded index."""

from itertools import pairwise

import numpy as np
import pytest
from sqlalchemy import select

from rag.store.postgres import blocks
from rag.store.postgres.blocks import block_of, joined
from rag.store.postgres.tables import bm25_blocks
from rag.store.segment import dumped
from tests.rag.store import stores
from tests.rag.store.stores import add


def postings(block):
    """Return word → {chunk: count} of a block."""
    segment = block.segment
    found = {}
    for number, word in enumerate(block.words):
        own = segment.postings(number)
        found[word] = {
            segment.ids[row]: int(count)
            for row, count in zip(segment.rows[own], segment.counts[own], strict=True)
        }
    return found


def test_joined_blocks_have_one_vocabulary():
    one = block_of(7, {"a": ["mars", "moon", "mars"], "b": []})
    other = block_of(9, {"c": ["moon", "sun"]})
    block = joined([one, other], np.array([7, 9]))
    assert postings(block) == {"mars": {"a": 2}, "moon": {"a": 1, "c": 1}, "sun": {"c": 1}}
    assert block.segment.ids == ["a", "b", "c"]
    assert (block.documents.tolist(), block.counts.tolist()) == ([7, 9], [2, 1])


def test_documents_that_are_not_ready_are_left_out_with_their_words():
    one = block_of(7, {"a": ["secret", "moon"]})
    other = block_of(9, {"c": ["moon", "sun"]})
    block = joined([one, other], np.array([9]))
    assert postings(block) == {"moon": {"c": 1}, "sun": {"c": 1}}
    assert b"secret" not in dumped(block.segment, block.words)
    assert joined([one], np.array([9])).segment.ids == []


@pytest.fixture
def store(postgres, tmp_path):
    made = stores.on_postgres(postgres, tmp_path)
    yield made
    made.close()


def sizes(store):
    with store.catalogue.engine.connect() as db:
        return list(db.scalars(select(bm25_blocks.c.chunks).order_by(bm25_blocks.c.place)))


def test_few_blocks_are_left_and_large_before_small(store):
    for n in range(21):
        add(store, f"document {n}", "mars and moon", f"word{n}")
    assert sum(sizes(store)) == 42
    assert all(former > 2 * latter for former, latter in pairwise(sizes(store)))
    assert store.lexical.search("word7", 1)[0][0] == "document 7-1"


def test_words_of_removed_documents_are_not_in_the_database(store):
    gone = add(store, "a", "secretword and moon")
    add(store, "b", "moon")
    store.retire([gone])
    with store.catalogue.engine.connect() as db:
        data = b"".join(bytes(content) for content in db.scalars(select(bm25_blocks.c.data)))
    assert b"moon" in data
    assert b"secretword" not in data


def test_a_process_forgets_words_that_no_block_has(store, monkeypatch):
    monkeypatch.setattr("rag.store.postgres.words._FEW_TERMS", 2)
    gone = add(store, "a", " ".join(f"old{n}" for n in range(50)))
    add(store, "b", "moon and mars")
    assert store.lexical.search("old7", 3)
    store.retire([gone])
    add(store, "c", "moon")
    assert {id for id, _ in store.lexical.search("moon", 3)} == {"b-0", "c-0"}
    assert len(store.lexical._numbers) < 10


def test_a_document_published_during_forgetting_keeps_its_words(store, monkeypatch):
    gone = add(store, "a", "secretword and moon")
    store.hide([gone])
    listed, read = blocks._listed, blocks.ready_documents
    published = []

    def publishing_between(reading):
        def step(db):
            found = reading(db)
            if not published:
                published.append("b")
                monkeypatch.setattr(blocks, "merge_due", lambda engine: None)
                add(store, "b", "mars")
            return found

        return step

    monkeypatch.setattr(blocks, "_listed", publishing_between(listed))
    monkeypatch.setattr(blocks, "ready_documents", publishing_between(read))
    store.forget()
    assert [id for id, _ in store.lexical.search("mars", 3)] == ["b-0"]
