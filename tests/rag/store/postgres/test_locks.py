"""What one process writes anew while another one removes or publishes: both go on, in turn."""

import threading
import time

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError

from rag.errors import RanklensError
from tests.rag.store import stores
from tests.rag.store.stores import add, begin, held

PATIENCE = 60  # seconds


@pytest.fixture
def pair(postgres, tmp_path):
    """Two processes of one library."""
    one, other = (stores.on_postgres(postgres, tmp_path) for _ in range(2))
    yield one, other
    one.close()
    other.close()


class Meanwhile:
    """Does something in a thread before a statement of a store, once it waits for a lock there."""

    def __init__(self, store, statement, work):
        self._statement, self._errors = statement, []
        self._engine = store.catalogue.engine
        self._thread = threading.Thread(target=self._run, args=(work,))
        event.listen(self._engine, "before_cursor_execute", self._begin)

    def _run(self, work):
        try:
            work()
        except (RanklensError, SQLAlchemyError) as error:
            self._errors.append(error)

    def _begin(self, _db, _cursor, statement, *_):
        if statement.startswith(self._statement) and not self._thread.ident:
            self._thread.start()
            deadline = time.monotonic() + PATIENCE
            while not self._waits():
                assert time.monotonic() < deadline, "nobody waits for a lock"
                time.sleep(0.01)

    def _waits(self):
        query = text(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
        plain = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with plain.connect() as db:
            return db.scalar(query)

    def end(self):
        assert self._thread.ident, "the statement did not come"
        self._thread.join(PATIENCE)
        assert not self._errors


def test_a_removal_during_a_rebuild_is_done_after_it(pair):
    one, other = pair
    gone = add(one, "a", "mars", "moon")
    add(one, "b", "comet")
    removal = Meanwhile(one, "INSERT INTO embeddings", lambda: other.retire([gone]))
    one.rebuild()
    removal.end()
    assert held(one) == held(other) == {"b-0"}
    assert one.verify().problems == ()


def test_a_publication_during_a_rebuild_is_done_after_it(pair):
    one, other = pair
    add(one, "a", "mars", "moon")
    document = begin(other, "b", "comet")
    publication = Meanwhile(one, "INSERT INTO embeddings", lambda: other.publish(document, 0.1))
    one.rebuild()
    publication.end()
    assert held(one) == held(other) == {"a-0", "a-1", "b-0"}
    assert other.verify().problems == ()


def test_a_rebuild_during_a_publication_is_done_after_it(pair):
    one, other = pair
    add(one, "a", "mars", "moon")
    document = begin(one, "a", "comet", version="new")
    rebuilding = Meanwhile(one, "INSERT INTO bm25_blocks", other.rebuild)
    assert one.publish(document, 0.1)
    rebuilding.end()
    assert held(one) == held(other) == {"anew-0"}
    assert one.verify().problems == ()
