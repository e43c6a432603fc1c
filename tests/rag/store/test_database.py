"""One engine over SQLite and PostgreSQL: addresses, errors in words, tables, locks."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, text

from rag.chat.store import Conversations
from rag.errors import DatabaseUnavailable, LibraryError, NotThere, StorageError
from rag.settings import load_settings, settings_table
from rag.settings.saved import why_not_saved
from rag.store.catalogue import Catalogue
from rag.store.collections import Collections
from rag.store.database import describe, open_database
from rag.store.schema import documents
from rag.store.statements import serialise
from ranklens.tables import metadata

PASSWORD = "hunter2-is-secret"
ADDRESS = f"postgresql://anna:{PASSWORD}@127.0.0.1:1/library"


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogue(request, tmp_path):
    if request.param == "sqlite":
        opened = Catalogue(tmp_path / "catalogue.sqlite")
    else:
        opened = Catalogue(request.getfixturevalue("postgres"))
    yield opened
    opened.close()


def test_an_address_with_a_password_is_shown_nowhere(monkeypatch):
    monkeypatch.setenv("RANKLENS_DATABASE_URL", ADDRESS)
    settings = load_settings()
    assert settings.database_url.get_secret_value() == ADDRESS
    shown = [repr(settings), str(settings_table(settings)), str(settings.model_dump(mode="json"))]
    assert not any(PASSWORD in one for one in shown)
    assert why_not_saved(settings, "database_url")
    assert describe(ADDRESS) == "127.0.0.1:1/library"


@pytest.mark.parametrize("address", ["", "mysql://a/b", "library.sqlite", "a b"])
def test_other_addresses_are_refused_without_repeating_them(address):
    with pytest.raises(LibraryError, match=r"postgresql://USER:PASSWORD@HOST") as refused:
        open_database(address)
    assert "mysql" not in str(refused.value)


def test_a_server_that_is_not_there_is_named_without_the_password():
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1/library cannot") as gone:
        Catalogue(ADDRESS)
    assert PASSWORD not in str(gone.value) + str(gone.value.__cause__)


def test_a_database_that_is_not_there_is_named(postgres_server):
    address = postgres_server.database(empty=True) + "_not_made"
    with pytest.raises(DatabaseUnavailable, match="_not_made"):
        Catalogue(address)


@pytest.mark.filterwarnings("ignore:Did not recognize type 'vector'")
def test_what_the_steps_make_on_postgres_is_what_the_code_declares(postgres_server):
    catalogue = Catalogue(postgres_server.database(empty=True))

    def ours(_object, name, kind, reflected, _compared):
        return not (kind == "table" and reflected and name not in metadata.tables)

    with catalogue.engine.connect() as db:
        context = MigrationContext.configure(db, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []
    catalogue.close()


def test_hosts_that_start_at_once_make_the_tables_once(postgres_server):
    address = postgres_server.database(empty=True)
    code = "import sys; from rag.store.catalogue import Catalogue; Catalogue(sys.argv[1]).close()"
    starting = [subprocess.Popen([sys.executable, "-c", code, address]) for _ in range(3)]
    assert [one.wait() for one in starting] == [0, 0, 0]
    catalogue = Catalogue(address)
    assert [one.name for one in Collections(catalogue).all()] == ["default"]
    catalogue.close()


def test_the_embedded_library_imports_no_driver(tmp_path):
    code = (
        "import sys, pathlib; from rag.store.catalogue import Catalogue\n"
        f"Catalogue(pathlib.Path({str(tmp_path / 'c.sqlite')!r}))\n"
        "sys.exit('psycopg' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_database_that_takes_no_changes_says_so(postgres):
    catalogue = Catalogue(postgres)
    with catalogue.engine.connect() as db:
        db.execute(
            text(
                "ALTER DATABASE "
                + catalogue.engine.url.database
                + " SET default_transaction_read_only = on"
            )
        )
        db.commit()
    catalogue.engine.dispose()
    with pytest.raises(StorageError, match="takes no changes now"):
        catalogue.add_document("a.txt", 1, "d")
    catalogue.close()


def test_connections_that_the_server_ended_are_replaced(postgres):
    catalogue, other = Catalogue(postgres), Catalogue(postgres)
    assert catalogue.documents() == []
    with other.engine.begin() as db:
        db.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        )
    assert catalogue.documents() == []
    catalogue.close()
    other.close()


def test_a_connection_that_ends_under_a_statement_is_explained(postgres):
    catalogue = Catalogue(postgres)
    with catalogue.engine.connect() as db, pytest.raises(DatabaseUnavailable, match="ended the"):
        db.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert catalogue.documents() == []
    catalogue.close()


def test_what_no_row_can_have_is_not_there(postgres):
    catalogue = Catalogue(postgres)
    held = Conversations(catalogue.engine, "ada", frozenset({1}))
    for look in (lambda: held.turn(2**40), lambda: held.turns("a\0b"), lambda: held.remove("\0")):
        with pytest.raises(NotThere, match="of that name or number"):
            look()
    assert catalogue.documents() == []
    catalogue.close()


def test_names_are_held_by_one_transaction_at_a_time(postgres):
    catalogue = Catalogue(postgres)
    order, held = [], threading.Event()

    def second():
        held.wait()
        with catalogue.engine.begin() as db:
            serialise(db, "a")
            order.append("second")

    with ThreadPoolExecutor(1) as pool:
        with catalogue.engine.begin() as db:
            serialise(db, "b", "a")
            waiting = pool.submit(second)
            held.set()
            while not _waits(catalogue.engine):
                pass
            order.append("first")
        waiting.result()
    assert order == ["first", "second"]
    catalogue.close()


def _insert(name, status):
    """The row of another process, which this one's catalogue does not see made."""
    row = {"name": name, "status": status, "size": 1, "digest": "d", "added": 1.0}
    return insert(documents).values(row)


def _waits(engine):
    with engine.connect() as db:
        return db.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))


def test_documents_take_the_same_way_on_both(catalogue):
    first = catalogue.add_document("a.txt", 3_000_000_000, "d1")
    second = catalogue.add_document("b.txt", 5, "d2")
    assert catalogue.next_queued().id == second
    assert catalogue.change(second, "queued", status="indexing")
    assert not catalogue.change(second, "queued", status="indexing")
    assert catalogue.publish(second, 0.5) == []
    assert [d.name for d in catalogue.ready()] == ["b.txt"]
    assert catalogue.waiting("queued") == (1, 3_000_000_000)
    catalogue.copy_text(second, first)
    catalogue.keep_boxes(first, b"boxes")
    assert catalogue.boxes(first) == b"boxes"
    catalogue.retire([second])
    assert catalogue.holds_removed()
    catalogue.clear([second])
    assert [d.name for d in catalogue.documents("removed")] == [""]
    catalogue.compact()
    assert not catalogue.holds_removed()
    assert catalogue.problem() == ""


def test_what_is_remembered_is_replaced(catalogue):
    catalogue.remember("a", {"x": 1})
    catalogue.remember("a", [2])
    assert catalogue.setting("a") == [2]
    assert catalogue.setting("b") is None


def test_a_change_elsewhere_is_seen_by_its_version(catalogue):
    version = [1]
    catalogue.outside = lambda: version[0]
    assert catalogue.ready() == ()
    with catalogue.engine.begin() as db:  # as another process would
        db.execute(_insert("x", "ready"))
    assert catalogue.ready() == ()
    version[0] = 2
    assert [d.name for d in catalogue.ready()] == ["x"]
    assert catalogue.ready() is catalogue.ready()


def test_a_version_added_while_its_name_is_forgotten_keeps_a_collection(postgres):
    """One process clears the last version of a name, another adds a new one meanwhile."""
    one, other = Catalogue(postgres), Catalogue(postgres)
    old = one.add_document("a.txt", 1, "d")
    one.retire([old])
    with ThreadPoolExecutor(1) as pool:
        with other.changing_documents() as db:
            serialise(db, "document a.txt")
            cleared = pool.submit(one.clear, [old])
            while not _waits(other.engine):
                pass
            db.execute(_insert("a.txt", "queued"))
        cleared.result()
    assert Collections(one).of_documents() == {"a.txt": ("default",)}
    one.close()
    other.close()
