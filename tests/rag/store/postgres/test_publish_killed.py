"""A publisher that is killed at any step leaves the former version or the new one, whole."""

import subprocess
import sys
import time

import pytest
from sqlalchemy import text, update

from rag.store.schema import documents
from tests.rag.store.stores import add, enqueue, held, on_postgres

MOST_STEPS = 60
FORMER, NEW = {"a-0", "a-1", "other-0"}, {"anew-0", "anew-1", "anew-2", "other-0"}
ROWS = (
    "SELECT (SELECT count(*) FROM chunks WHERE document_id = :id),"
    " (SELECT count(*) FROM embeddings WHERE document_id = :id),"
    " (SELECT count(*) FROM tokens WHERE document_id = :id),"
    " (SELECT count(*) FROM bm25_blocks WHERE :id = ANY(documents))"
)


@pytest.fixture
def store(postgres, tmp_path):
    made = on_postgres(postgres, tmp_path)
    yield made
    made.close()


@pytest.fixture
def step(postgres, tmp_path):
    """A function that has the next publisher work, and returns what became of it."""
    program = [sys.executable, "-m", "tests.rag.store.postgres.killed", postgres, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(program, **pipes) as process:

        def go_on():
            process.stdin.write("\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        yield go_on
        process.stdin.close()


def alone(store):
    """Wait until the server has noticed that a killed process is gone."""
    others = text(
        "SELECT state, wait_event, query FROM pg_stat_activity WHERE state <> 'idle'"
        " AND datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    deadline = time.monotonic() + 60
    # In a transaction the view would not change.
    plain = store.catalogue.engine.execution_options(isolation_level="AUTOCOMMIT")
    with plain.connect() as db:
        while busy := db.execute(others).all():
            assert time.monotonic() < deadline, busy
            time.sleep(0.02)


def lease_runs_out(store, document):
    this = update(documents).where(documents.c.id == document, documents.c.status == "indexing")
    with store.catalogue.engine.begin() as db:
        db.execute(this.values(lease_until=0, interruptions=0))


def test_all_of_a_document_is_there_or_nothing_of_it(store, step):
    add(store, "other", "tide")
    add(store, "a", "mars", "moon")
    document = enqueue(store, "a")
    seen = []
    for _ in range(MOST_STEPS):
        result = step()
        alone(store)
        with store.catalogue.engine.connect() as db:
            rows = tuple(db.execute(text(ROWS), {"id": document}).one())
        ready = {d.id for d in store.catalogue.documents("ready")}
        if document not in ready:
            assert held(store) == FORMER
            assert rows == (0, 0, 0, 0)
        else:
            assert held(store) == NEW
            assert rows == (3, 3, 3, 1)
        assert store.verify().problems == ()
        seen.append((result, document in ready))
        if document in ready:
            break
        lease_runs_out(store, document)
    # The last one was killed after its commit, or not at all.
    assert len(seen) > 8
    assert [done for _, done in seen] == [False] * (len(seen) - 1) + [True]
    assert {result for result, _ in seen[:-1]} == {"killed"}
    store.tidy()
    assert store.catalogue.leftovers() == []
