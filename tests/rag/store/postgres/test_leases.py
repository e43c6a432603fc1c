"""Several workers on one queue: each object here is a worker with its own lease."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from rag.store.derived import index_facts
from rag.store.postgres import blocks
from rag.store.postgres.store import PostgresStore
from rag.store.schema import documents
from tests.rag.store import stores
from tests.rag.store.stores import (
    FACTS,
    add,
    begin,
    chunks_of,
    enqueue,
    held,
    settings_of,
    write,
)

PATIENCE = 60  # seconds


@pytest.fixture
def worker(postgres, tmp_path):
    """A function that makes a worker with a lease of so many seconds."""
    made = []

    def make(seconds=3600.0):
        first = stores.on_postgres(postgres, tmp_path)
        facts = index_facts(settings_of(tmp_path), FACTS)
        words = first.lexical.analyser
        store = PostgresStore(first.catalogue, facts, words, first.room, seconds)
        made.append(store)
        return store

    yield make
    for store in made:
        store.close()


def claimed_at_last(store):
    """Claim until a lease has run out."""
    deadline = time.monotonic() + PATIENCE
    while (document := store.claim()) is None:
        assert time.monotonic() < deadline, "the lease does not run out"
        time.sleep(0.02)
    return document


def lapse(store, document):
    with store.catalogue.engine.begin() as db:
        db.execute(update(documents).where(documents.c.id == document).values(lease_until=0))


def test_a_worker_that_lost_its_lease_publishes_nothing(worker):
    slow, quick = worker(0.05), worker()
    document = begin(slow, "a", "mars", "moon")
    assert claimed_at_last(quick).id == document
    assert not slow.renew(document)
    assert slow.publish(document, 0.1) is None
    assert held(quick) == set()
    write(quick, document, chunks_of("a", ["mars", "moon"]))
    assert quick.publish(document, 0.1) == []
    assert held(quick) == {"a-0", "a-1"}


def test_a_worker_that_comes_back_leaves_alone_what_another_one_published(worker):
    slow, quick = worker(0.05), worker()
    document = begin(slow, "a", "mars", "moon")
    claimed_at_last(quick)
    write(quick, document, chunks_of("a", ["mars", "moon"]))
    quick.publish(document, 0.1)
    assert slow.publish(document, 0.1) is None
    assert not slow.fail(document, "too late")
    slow.release(document)
    slow.clear([document])
    assert held(quick) == held(slow) == {"a-0", "a-1"}
    assert quick.verify().problems == ()


def test_a_lease_that_is_renewed_does_not_run_out(worker):
    first, second = worker(), worker()
    document = begin(first, "a", "mars")
    lapse(first, document)
    assert first.renew(document)
    assert second.claim() is None
    assert first.publish(document, 0.1) == []


def test_renewing_waits_for_no_lock_of_the_row(worker):
    first, second = worker(), worker()
    document = begin(first, "a", "mars")
    this = documents.c.id == document
    with first.catalogue.engine.begin() as publication:
        publication.execute(select(documents.c.id).where(this).with_for_update())
        assert first.renew(document)
        assert not second.renew(document)
    assert first.publish(document, 0.1) == []
    assert not first.renew(document)


def test_a_document_is_published_though_merging_fails(worker, monkeypatch):
    def failing(engine):
        raise OperationalError("lock", {}, Exception("lock timeout"))

    store = worker()
    with monkeypatch.context() as merging:
        merging.setattr(blocks, "merge_due", failing)
        document = begin(store, "a", "mars")
        assert store.publish(document, 0.1) == []
    assert held(store) == {"a-0"}


def test_a_document_that_ends_its_workers_fails_at_the_second_time(worker):
    watching = worker()
    document = enqueue(watching, "a")
    enqueue(watching, "b", size=20)
    for interruptions in (1, 2):
        claimed = worker().claim()
        assert claimed.id == document
        lapse(watching, document)
        assert watching.claim().id != document if interruptions == 2 else True
    (failed,) = watching.catalogue.documents("failed")
    assert (failed.id, failed.interruptions) == (document, 2)
    assert "ended or was cut off twice" in failed.reason


def test_every_document_goes_to_one_worker(worker):
    names = [f"document {n}" for n in range(24)]
    workers = [worker() for _ in range(4)]
    for name in names:
        enqueue(workers[0], name)
    begun = threading.Barrier(len(workers))

    def work(store):
        begun.wait()
        done = []
        while document := store.claim():
            write(store, document.id, chunks_of(document.name, ["mars", "moon and tide"]))
            assert store.publish(document.id, 0.1) == []
            done.append(document.name)
        return done

    with ThreadPoolExecutor(len(workers)) as threads:
        done = [name for names in threads.map(work, workers) for name in names]
    assert sorted(done) == sorted(names)
    assert held(workers[1]) == {f"{name}-{n}" for name in names for n in (0, 1)}
    assert workers[0].verify().problems == ()


def test_versions_that_are_published_at_once_leave_the_newest(worker):
    workers = [worker() for _ in range(3)]
    ids = [begin(w, "a", "mars", version=str(n)) for n, w in enumerate(workers)]
    with ThreadPoolExecutor(len(workers)) as threads:
        list(
            threads.map(lambda pair: pair[0].publish(pair[1], 0.1), zip(workers, ids, strict=True))
        )
    assert held(workers[0]) == {"a2-0"}
    assert [d.id for d in workers[0].catalogue.documents("ready")] == ids[-1:]


def test_another_process_reads_what_was_written_at_once(worker):
    writing, reading = worker(), worker()
    assert reading.lexical.search("mars", 5) == []
    document = add(writing, "a", "mars")
    assert [id for id, _ in reading.lexical.search("mars", 5)] == ["a-0"]
    assert [d.id for d in reading.catalogue.ready()] == [document]
    writing.hide([document])
    assert reading.lexical.search("mars", 5) == []
