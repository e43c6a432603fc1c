"""The index with exact vectors and the real BM25 index, over a real catalogue."""

import pytest

from rag.store.analyse import Analyser
from rag.store.catalogue import Catalogue
from rag.store.index import Index
from rag.store.inverted import InvertedIndex
from tests.between import WRITES, before
from tests.fakes import WordEncoder, make_chunk
from tests.rag.store.vector_fakes import ExactStore

ENCODER = WordEncoder()


@pytest.fixture
def index(tmp_path):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    lexical = InvertedIndex.open(tmp_path / "lexical", Analyser("english"))
    made = Index(catalogue, ExactStore(), lexical)
    yield made
    made.close()


def begin(index, name, *texts):
    """Add a document's chunks, without publishing it."""
    document = index.catalogue.add_document(name, 10, f"digest of {name} {texts}")
    index.catalogue.update_document(document, status="indexing")
    chunks = [make_chunk(f"{name}-{text}", text, document=name) for text in texts]
    passages = [c.passage for c in chunks]
    index.add(document, 0, chunks, ENCODER.encode(passages), [p.encode() for p in passages])
    return document


def add(index, name, *texts):
    document = begin(index, name, *texts)
    index.publish(document, 0.0)
    return document


def state(index):
    return index.catalogue.live_ids(), index.vectors.ids(), index.lexical.ids()


def kept(index, name, *texts):
    passages = [make_chunk("x", text, document=name).passage for text in texts]
    return [codes is not None for codes in index.tokens.fetch(passages)]


def test_token_vectors_are_found_by_passage(index):
    add(index, "a", "mars", "moon")
    passage = make_chunk("x", "moon", document="a").passage
    assert index.tokens.fetch(["unknown", passage]) == [None, passage.encode()]
    assert index.tokens.size() == (2, len(b"".join(index.tokens.fetch([passage]))) * 2)
    assert index.tokens.fetch([]) == []


def test_token_vectors_go_with_their_chunks(index):
    add(index, "a", "mars", "moon")
    gone = add(index, "b", "sun")
    add(index, "a", "moon", "ice")
    index.retire([gone])
    assert kept(index, "a", "mars", "moon", "ice") == [False, True, True]
    assert index.tokens.size()[0] == 2


def test_token_vectors_of_interrupted_work_go_too(index):
    begin(index, "a", "mars")
    index.reconcile()
    assert index.tokens.size() == (0, 0)


def test_a_former_version_that_is_ready_later_does_not_come_back(index):
    former = begin(index, "a", "mars")
    add(index, "a", "moon")
    assert index.publish(former, 0.0) is None
    assert state(index) == ({"a-moon"},) * 3


def test_published_chunks_are_in_all_three(index):
    add(index, "a", "mars", "moon")
    assert state(index) == ({"a-mars", "a-moon"},) * 3
    assert index.verify().problems == ()


def test_what_is_not_published_is_not_live(index):
    begin(index, "a", "mars")
    assert index.catalogue.live_ids() == set()
    assert index.catalogue.fetch(["a-mars"]) == {}


def test_a_new_version_replaces_the_old_one_in_one_step(index):
    add(index, "a", "mars", "moon")
    newer = begin(index, "a", "sun")
    assert index.catalogue.live_ids() == {"a-mars", "a-moon"}
    assert index.publish(newer, 0.0)
    assert state(index) == ({"a-sun"},) * 3


def test_the_same_chunks_again_stay_live(index):
    add(index, "a", "mars", "moon")
    add(index, "a", "mars", "moon")
    assert state(index) == ({"a-mars", "a-moon"},) * 3


def test_retired_chunks_are_gone_everywhere(index):
    gone = add(index, "a", "mars")
    add(index, "b", "moon")
    index.retire([gone])
    assert state(index) == ({"b-moon"},) * 3
    assert [d.name for d in index.catalogue.documents()] == ["b"]


def test_a_document_removed_while_it_is_indexed_stays_removed(index):
    document = begin(index, "a", "mars")
    index.catalogue.retire([document])
    assert index.publish(document, 0.0) is None
    assert state(index) == (set(),) * 3


def test_a_document_removed_while_it_is_published_stays_removed(index):
    document = begin(index, "a", "mars")
    before(index.catalogue.engine, WRITES, lambda: index.catalogue.retire([document]))
    assert index.publish(document, 0.0) is None
    assert index.catalogue.documents("ready") == []


def test_interrupted_work_is_cleared_away_and_queued_again(index):
    add(index, "a", "mars")
    begin(index, "b", "moon")
    index.reconcile()
    assert state(index) == ({"a-mars"},) * 3
    assert index.catalogue.next_queued().name == "b"


def test_lost_vectors_and_terms_are_found_and_restored(index):
    add(index, "a", "mars", "moon", "sun")
    index.vectors.remove(["a-mars"])
    index.lexical.remove({"a-moon"})
    index.vectors.add(["stranger"], ENCODER.encode(["comet"]))
    index.vectors.add(["stranger too"], ENCODER.encode(["comet"]))
    problems = " ".join(index.verify().problems)
    assert "Chroma lacks 1 of 3" in problems
    assert "Chroma holds 2 chunks that are not live" in problems
    assert "the BM25 index lacks 1 of 3" in problems
    index.reconcile()
    assert state(index) == ({"a-mars", "a-moon", "a-sun"},) * 3
    assert index.verify().problems == ()


def test_rebuilding_encodes_nothing_and_restores_all(index):
    add(index, "a", "mars", "moon")
    before = index.vectors.rows["a-mars"].copy()
    index.vectors.rows["a-mars"] = before * 0
    assert index.verify().recall < 1
    assert index.rebuild().problems == ()
    assert (index.vectors.rows["a-mars"] == before).all()
    assert index.lexical.search("moon", 5)[0][0] == "a-moon"


def test_what_is_ready_is_known_after_every_change(index):
    def names():
        return [document.name for document in index.catalogue.ready()]

    assert names() == []
    first = add(index, "b", "mars")
    begin(index, "a", "moon")
    assert names() == ["b"]
    assert index.catalogue.ready() is index.catalogue.ready()
    add(index, "c", "sun")
    assert names() == ["b", "c"]
    index.retire([first])
    assert names() == ["c"]
    index.catalogue.update_document(index.catalogue.ready()[0].id, status="queued")
    assert names() == []


def test_what_waits_is_counted_with_its_bytes(index):
    add(index, "a", "mars")
    begin(index, "b", "moon")
    index.catalogue.add_document("c", 5, "digest")
    assert index.catalogue.waiting("queued") == (1, 5)
    assert index.catalogue.waiting("queued", "indexing") == (2, 15)
    assert index.catalogue.waiting("failed") == (0, 0)
