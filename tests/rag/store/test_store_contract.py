"""What both stores do alike."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from unittest.mock import Mock

import pytest

from rag.errors import DocumentError
from rag.store.membership import DEFAULT_ID
from tests.rag.store import stores
from tests.rag.store.stores import ENCODER, add, begin, chunks_of, enqueue, held, near, write


@pytest.fixture(params=["embedded", "postgres"])
def store(request, tmp_path):
    if request.param == "embedded":
        made = stores.embedded(tmp_path)
    else:
        made = stores.on_postgres(request.getfixturevalue("postgres"), tmp_path)
    yield made
    made.close()


def statuses(store):
    known = ("queued", "indexing", "ready", "failed", "removed")
    return {d.id: d.status for d in store.catalogue.documents(*known)}


def test_documents_are_claimed_once_and_the_smallest_first(store):
    large, small = enqueue(store, "large", 20), enqueue(store, "small", 10)
    first = store.claim()
    assert (first.id, first.name, first.status) == (small, "small", "indexing")
    assert statuses(store) == {small: "indexing", large: "queued"}
    assert store.claim().id == large
    assert store.claim() is None


def test_what_is_published_is_found_and_nothing_before(store):
    document = begin(store, "a", "mars and moon", "tides")
    assert held(store) == set()
    assert store.catalogue.fetch(["a-0"]) == {}
    assert store.publish(document, 1.5) == []
    assert held(store) == {"a-0", "a-1"}
    assert [id for id, _ in store.lexical.search("moon", 5)] == ["a-0"]
    assert near(store, "tides", 1) == [("a-1", pytest.approx(near(store, "tides")[0][1]))]
    (ready,) = store.catalogue.documents("ready")
    assert (ready.id, ready.chunks, ready.seconds) == (document, 2, 1.5)
    assert store.catalogue.chunks_of(document) == chunks_of("a", ["mars and moon", "tides"])


def test_a_document_without_passages_is_published_too(store):
    document = begin(store, "empty")
    assert store.publish(document, 0.1) == []
    assert held(store) == set()
    assert store.lexical.search("moon", 5) == []
    assert near(store, "moon") == []
    assert store.verify().problems == ()


def test_a_new_version_takes_the_place_of_the_old_one(store):
    former = add(store, "a", "mars", "moon")
    again = begin(store, "a", "sun", version="b")
    assert held(store) == {"a-0", "a-1"}
    assert store.publish(again, 0.1) == [former]
    assert held(store) == {"ab-0"}
    assert store.catalogue.chunks_of(former) == []


def test_the_same_document_indexed_again_has_its_chunks_once(store):
    add(store, "y", "mars", "moon")
    add(store, "z", "mars")
    add(store, "y", "mars", "moon")
    assert held(store) == {"y-0", "y-1", "z-0"}
    assert [id for id, _ in store.lexical.search("mars", 5)] == ["z-0", "y-0"]
    assert store.verify().problems == ()


def test_what_was_removed_while_it_was_indexed_stays_removed(store):
    document = begin(store, "a", "mars")
    store.hide([document])
    assert not store.renew(document)
    assert store.publish(document, 0.1) is None
    assert held(store) == set()
    assert store.catalogue.chunks_of(document) == []
    assert statuses(store)[document] == "removed"


def test_an_older_version_that_is_ready_later_does_not_come_back(store):
    former = begin(store, "a", "mars")
    newer = add(store, "a", "moon", version="b")
    assert store.publish(former, 0.1) is None
    assert held(store) == {"ab-0"}
    assert statuses(store) == {former: "removed", newer: "ready"}


def test_removed_documents_are_forgotten(store):
    gone, kept = add(store, "a", "secretword and moon"), add(store, "b", "moon")
    store.retire([gone])
    assert held(store) == {"b-0"}
    assert store.lexical.search("secretword", 5) == []
    assert store.catalogue.chunks_of(gone) == []
    assert statuses(store) == {gone: "removed", kept: "ready"}
    assert [row.name for row in store.catalogue.documents("removed")] == [""]


def test_released_work_is_begun_anew(store):
    document = begin(store, "a", "mars", "moon")
    store.release(document)
    assert statuses(store) == {document: "queued"}
    assert store.claim().id == document
    write(store, document, chunks_of("a", ["sun"]))
    store.publish(document, 0.1)
    assert held(store) == {"a-0"}
    assert store.catalogue.documents("ready")[0].interruptions == 0


def test_failed_documents_say_why_and_leave_nothing(store):
    document = begin(store, "a", "mars")
    assert store.fail(document, "it is empty")
    assert held(store) == set()
    (failed,) = store.catalogue.documents("failed")
    assert (failed.reason, failed.chunks) == ("it is empty", 0)
    assert store.claim() is None


def test_token_vectors_go_with_their_chunks(store):
    kept = [chunk.passage for chunk in chunks_of("a", ["mars", "moon"])]
    gone = [chunk.passage for chunk in chunks_of("b", ["sun"])]
    add(store, "a", "mars", "moon")
    removed = add(store, "b", "sun")
    assert store.tokens.fetch([*kept, *gone]) == [p.encode() for p in (*kept, *gone)]
    store.retire([removed])
    assert store.tokens.fetch([*kept, *gone]) == [*(p.encode() for p in kept), None]
    assert store.tokens.size()[0] == 2


def test_within_documents_every_vector_is_compared(store):
    add(store, "a", *(f"text {n}" for n in range(6)))
    own = add(store, "b", "one", "one", "two")
    scope = store.scope([own])
    assert store.is_exact(scope)
    one, _, two = chunks_of("b", ["one", "one", "two"])
    best = store.near(ENCODER.encode_query(two.passage), 2, scope)
    assert best[0] == ("b-2", pytest.approx(1.0))
    ties = store.compare(ENCODER.encode_query(one.passage), scope, 9)
    assert [id for id, _ in ties] == ["b-0", "b-1", "b-2"]
    assert store.near(ENCODER.encode_query(two.passage), 0, scope) == []


def test_the_version_grows_with_what_can_be_searched(store):
    seen = [store.version()]

    def grown():
        seen.append(store.version())
        return seen[-1] > seen[-2]

    document = add(store, "a", "mars")
    assert grown()
    near(store, "mars")
    store.lexical.search("mars", 5)
    assert not grown()
    store.collections.make("some")
    store.collections.put("some", ["a"])
    assert grown()
    store.hide([document])
    assert grown()


def test_rebuilt_indexes_find_the_same(store):
    for name in "abc":
        add(store, name, f"mars {name}", "moon and mars", "tide")
    store.retire([store.catalogue.documents("ready")[0].id])
    before = store.lexical.search("mars moon", 9), near(store, "mars")
    report = store.rebuild()
    assert (report.problems, report.chunks, report.vectors, report.lexical) == ((), 6, 6, 6)
    assert report.recall == 1.0
    assert store.lexical.search("mars moon", 9) == before[0]
    assert [id for id, _ in near(store, "mars")] == [id for id, _ in before[1]]


def test_words_have_the_rules_of_their_documents_language(store):
    add(store, "a", "the houses of the sun")
    add(store, "haus", "die Häuser der Sonne", language="german")
    assert [id for id, _ in store.lexical.search("Haus", 5)] == ["haus-0"]
    (chunk,) = chunks_of("haus", ["die Häuser der Sonne"])
    assert store.analyser_of([chunk])("Häuser") == store.analyser_of([chunk])("Haus")


def test_explanations_sum_to_the_score(store):
    add(store, "a", "mars and moon", "tide", "ring")
    (score,) = store.lexical.score("moon mars", ["a-0"])
    parts = store.lexical.explain("moon mars", "a-0")
    assert set(parts) == {"moon", "mar"}
    assert sum(parts.values()) == pytest.approx(score)


def test_of_two_who_may_not_share_a_name_one_gets_it(store):
    """Whoever comes second is asked with what the first has committed."""
    catalogue, together = store.catalogue, Barrier(2)
    for number in (1, 2):
        catalogue.add_document(f"mail {number}", 1, f"digest of mail {number}")

    def add(number):
        together.wait(timeout=30)
        catalogue.add_document(
            "name.txt", 1, f"digest {number}", f"mail {number}",
            may_name=lambda places, mails: not places and not mails,
        )  # fmt: skip
        return number

    for _ in range(5):
        with ThreadPoolExecutor(2) as threads:
            both = [threads.submit(add, number) for number in (1, 2)]
        refused = [one.exception() for one in both if one.exception()]
        assert [str(error) for error in refused] == [
            "the name 'name.txt' is in use in the library; give the file another name"
        ]
        (held,) = catalogue.documents(name="name.txt")
        asked = Mock(return_value=False)
        with pytest.raises(DocumentError):
            catalogue.add_document("name.txt", 1, "x", may_name=asked)
        asked.assert_called_once_with({DEFAULT_ID}, {held.parent})
        store.hide([held.id])
        store.clear([held.id])
