"""The network between a process and its database is cut, and mended after a while."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from rag.errors import DatabaseUnavailable
from rag.store import database, driver
from rag.store.catalogue import Catalogue
from rag.store.derived import index_facts
from rag.store.postgres.store import PostgresStore
from tests.rag.store import stores
from tests.rag.store.stores import FACTS, add, begin, chunks_of, held, near, settings_of, write
from tests.serve.conftest import open_library, stock
from tests.servers.proxy import Proxy

PATIENCE = 60  # seconds


@pytest.fixture
def network(postgres_server):
    with Proxy(postgres_server.port) as proxy:
        yield proxy


@contextmanager
def impatient():
    """Wait for no answer for long, and for a connection as short as libpq can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver, "ANSWER_SECONDS", 0.3)
        patch.setattr(driver, "CONNECT_SECONDS", 2)
        yield


def test_a_worker_that_was_cut_off_publishes_nothing(network, postgres, tmp_path):
    there = stores.on_postgres(postgres, tmp_path)
    opened = stores.on_postgres(network.through(postgres), tmp_path)
    facts = index_facts(settings_of(tmp_path), FACTS)
    far = PostgresStore(opened.catalogue, facts, opened.lexical.analyser, opened.room, 0.2)
    document = begin(far, "a", "mars", "moon")
    network.cut()
    with ThreadPoolExecutor() as threads:
        renewed = threads.submit(far.renew, document)
        published = threads.submit(far.publish, document, 0.1)
        deadline = time.monotonic() + PATIENCE
        while (taken := there.claim()) is None:
            assert time.monotonic() < deadline, "the lease does not run out"
            time.sleep(0.02)
        assert taken.id == document
        write(there, document, chunks_of("a", ["comet"]))
        assert there.publish(document, 0.1) == []
        network.mend()
        assert renewed.result(PATIENCE) is False
        assert published.result(PATIENCE) is None
    assert held(there) == held(far) == {"a-0"}
    assert there.verify().problems == ()
    there.close()
    far.close()


def test_a_question_while_cut_off_ends_in_time_and_the_next_one_is_answered(
    network, postgres, tmp_path
):
    with open_library(tmp_path, database_url=network.through(postgres)) as library:
        stock(library, tmp_path)
        assert library.search("moon").evidence
        network.cut()
        away = pytest.raises(DatabaseUnavailable, match="cannot be reached or ended the connection")
        with impatient(), away:
            library.search("moon")
        network.mend()
        assert library.search("moon").evidence


def test_a_long_transaction_outlives_the_deadline_of_an_answer(postgres, tmp_path):
    store = stores.on_postgres(postgres, tmp_path)
    engine = store.catalogue.engine
    with engine.begin() as db:
        database.take_time(db)
        with impatient():
            db.exec_driver_sql("SELECT pg_sleep(0.5)")
    with pytest.raises(DatabaseUnavailable), engine.begin() as db, impatient():
        db.exec_driver_sql("SELECT pg_sleep(60)")
    add(store, "a", "mars")
    assert near(store, "mars")
    store.close()


def test_a_database_of_several_hosts_is_the_one_that_takes_changes(postgres_server, postgres):
    name = postgres.rpartition("/")[2]
    hosts = f"127.0.0.1:1,127.0.0.1:{postgres_server.port}"
    address = f"postgresql://ranklens@{hosts}/{name}?target_session_attrs=read-write"
    assert database.describe(address) == f"{hosts}/{name}"
    catalogue = Catalogue(address)
    catalogue.add_document("a.txt", 1, "d")
    assert [document.name for document in catalogue.documents()] == ["a.txt"]
    catalogue.close()
