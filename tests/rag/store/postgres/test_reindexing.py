"""All is indexed again with another encoder while other processes run: nothing of both is mixed."""

import threading
import time

import pytest
from sqlalchemy import event, text

from rag.errors import LibraryMismatch
from rag.store.catalogue import Catalogue
from rag.store.postgres.store import PostgresStore
from tests.rag.store import stores
from tests.rag.store.stores import FACTS, add, begin, chunks_of, enqueue, held, near, settings_of
from tests.rag.store.stores import write as write_chunks

OTHER = {**FACTS, "revision": "1" * 16}
PATIENCE = 60  # seconds


@pytest.fixture
def running(postgres, tmp_path):
    """A process that is at work with the former encoder."""
    store = stores.on_postgres(postgres, tmp_path)
    yield store
    store.close()


@pytest.fixture
def anew(postgres, tmp_path):
    """A function that has all indexed again, as another process; returns that one's store."""
    opened = []

    def reindex():
        catalogue = Catalogue(postgres)
        PostgresStore.reset(settings_of(tmp_path), catalogue, OTHER)
        opened.append(PostgresStore.open(settings_of(tmp_path), catalogue, OTHER))
        return opened[-1]

    yield reindex
    for store in opened:
        store.close()


def test_a_worker_of_the_former_encoder_publishes_nothing(running, anew):
    document = begin(running, "a", "mars")
    new = anew()
    with pytest.raises(LibraryMismatch, match=r"revision is 1+ there and 0+ here\. Restart this"):
        running.publish(document, 0.1)
    with pytest.raises(LibraryMismatch):
        running.claim()
    running.release(document)
    assert new.claim().id == document
    write_chunks(new, document, chunks_of("a", ["mars"], version="new"))
    assert new.publish(document, 0.1) == []
    assert held(new) == {"anew-0"}


def test_words_of_before_are_gone_for_every_process_at_once(running, anew):
    document = add(running, "a", "former words", "moon")
    assert running.lexical.search("former", 3)
    new = anew()
    assert running.lexical.search("former", 3) == new.lexical.search("former", 3) == []
    assert not running.catalogue.ready()
    assert new.claim().id == document
    write_chunks(new, document, chunks_of("a", ["mars"], version="new"))
    new.publish(document, 0.1)
    assert held(new) == {"anew-0"}
    assert new.lexical.search("former", 3) == []
    assert [id for id, _ in running.lexical.search("mars", 3)] == ["anew-0"]


def test_vectors_of_another_encoder_are_not_searched(running, anew):
    document = add(running, "a", "mars")
    assert near(running, "mars")
    new = anew()
    new.claim()
    write_chunks(new, document, chunks_of("a", ["mars"]))
    new.publish(document, 0.1)
    assert near(new, "mars")
    scope = running.scope([document])
    with pytest.raises(LibraryMismatch):
        near(running, "mars")
    with pytest.raises(LibraryMismatch):
        running.compare(stores.ENCODER.encode_query("mars"), scope, 1)


def test_a_publication_under_way_ends_first_and_is_queued_again(running, anew):
    document = begin(running, "a", "mars")
    resetting = threading.Thread(target=anew)
    plain = running.catalogue.engine.execution_options(isolation_level="AUTOCOMMIT")

    def reset_meanwhile(_db, _cursor, statement, *_):
        if statement.startswith("INSERT INTO bm25_blocks"):
            resetting.start()
            deadline = time.monotonic() + PATIENCE
            while not _waiting(plain):
                assert time.monotonic() < deadline, "nobody waits for the publication"
                time.sleep(0.01)

    event.listen(running.catalogue.engine, "before_cursor_execute", reset_meanwhile)
    assert running.publish(document, 0.1) == []
    resetting.join()
    assert [d.id for d in running.catalogue.documents("queued")] == [document]
    assert running.catalogue.ids_of([document]) == set()
    assert running.lexical.ids() == set()


def test_what_is_queued_waits_for_the_new_encoder(running, anew):
    enqueue(running, "a")
    new = anew()
    with pytest.raises(LibraryMismatch):
        running.claim()
    assert new.claim().name == "a"


def _waiting(engine):
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND datname = current_database()"
    )
    with engine.connect() as db:
        return db.scalar(query)
