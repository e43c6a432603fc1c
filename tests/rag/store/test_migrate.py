"""The tables: made once, brought to the present version, never half."""

import itertools
import re
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from rag.chat.store import Conversations
from rag.errors import LibraryError
from rag.evaluate.judgements.question_sets import QuestionSets
from rag.evaluate.judgements.store import JudgementStore
from rag.evaluate.judgements.votes import VoteStore
from rag.store import migrate
from rag.store.catalogue import Catalogue
from rag.store.collections import Collections
from rag.watch.log import QuestionLog
from ranklens.tables import metadata
from tests.rag.store.old_tables import ALWAYS, CHAT, JUDGEMENTS, LOG
from tests.tables import copied

pytestmark = pytest.mark.usefixtures("by_steps")

LATER = (CHAT, LOG, JUDGEMENTS)
SUBSETS = [made for n in range(4) for made in itertools.combinations(LATER, n)]
SUBSETS = [made for made in SUBSETS if LOG not in made or CHAT in made]  # the log made both

KILLED_AT = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import Engine, event
from rag.store.catalogue import Catalogue
from rag.store.collections import Collections

left = int(sys.argv[2])

@event.listens_for(Engine, "after_cursor_execute")
def executed(db, cursor, statement, *rest):
    global left
    if statement.lstrip().startswith(("CREATE", "ALTER", "INSERT", "UPDATE")):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

Catalogue(Path(sys.argv[1]))
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "catalogue.sqlite"


def make_old(path, *later):
    with sqlite3.connect(path) as db:
        db.executescript("".join((ALWAYS, *later)))
    db.close()


def tables(path):
    db = sqlite3.connect(path)
    found = sorted(db.execute("SELECT type, name, sql FROM sqlite_master"))
    db.close()
    return found


def everything(path):
    """Return what makes the file again, without the second at which it was made."""
    with sqlite3.connect(path) as db:
        lines = [re.sub(r"\b1\.\d+e\+09\b", "now", line) for line in db.iterdump()]
    db.close()
    return lines


def strays(engine):
    with engine.connect() as db:
        return compare_metadata(MigrationContext.configure(db), metadata)


def test_what_the_steps_make_is_what_the_code_declares(path):
    catalogue = Catalogue(path)
    assert strays(catalogue.engine) == []
    assert {"conversations", "question_log", "votes", "tokens"} <= metadata.tables.keys()
    catalogue.close()


def test_tables_that_tests_copy_are_those_of_the_steps(path, tmp_path, monkeypatch):
    Catalogue(path).close()
    monkeypatch.setattr(migrate, "_upgrade", copied)
    Catalogue(tmp_path / "copy.sqlite").close()
    assert everything(tmp_path / "copy.sqlite") == everything(path)


def test_the_program_knows_its_newest_step():
    steps = ScriptDirectory(str(migrate._STEPS))
    assert steps.get_current_head() == migrate.VERSION
    assert [step.revision for step in steps.walk_revisions()] == sorted(
        (step.revision for step in steps.walk_revisions()), reverse=True
    )


@pytest.mark.parametrize("later", SUBSETS, ids=len)
def test_a_library_of_before_opens_and_is_whole(path, later):
    make_old(path, *later)
    catalogue = Catalogue(path)
    assert strays(catalogue.engine) == []
    (document,) = catalogue.documents()
    assert (document.name, document.interruptions, document.warnings) == ("a.txt", 0, "")
    assert catalogue.fetch(["c1"])["c1"].text == "abc"
    with catalogue.engine.connect() as db:
        triggers = db.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        assert len(triggers.all()) == 2
        kept = db.exec_driver_sql("SELECT title FROM conversations").scalars().all()
    assert kept == (["Kept"] if CHAT in later else [])
    catalogue.close()


def test_documents_of_before_are_in_the_default_collection(path):
    make_old(path, CHAT, JUDGEMENTS)
    with sqlite3.connect(path) as db:
        db.executemany(
            "INSERT INTO documents (name, media_type, size, digest, status, reason, chunks, added)"
            " VALUES (?, '', 1, 'd', ?, '', 0, 1.0)",
            [("b.txt", "ready"), ("b.txt", "queued"), ("", "removed")],
        )
        db.execute("INSERT INTO question_sets (name, made) VALUES ('Old', 1.0)")
    db.close()
    catalogue = Catalogue(path)
    collections = Collections(catalogue)
    assert collections.of_documents() == {"a.txt": ("default",), "b.txt": ("default",)}
    assert collections.documents("default").all
    with catalogue.engine.connect() as db:
        kept = db.exec_driver_sql("SELECT id, collection_id FROM conversations").all()
    assert [own for _, own in kept] == [None]
    assert QuestionSets(catalogue).sizes("default") == {"Old": 0}
    catalogue.close()


def test_a_library_of_a_newer_program_is_refused(path):
    Catalogue(path).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE alembic_version SET version_num = '0999'")
    db.close()
    before = tables(path)
    with pytest.raises(LibraryError, match=r"newer version of Ranklens \(.*0999.*update Ranklens"):
        Catalogue(path)
    assert tables(path) == before


@pytest.mark.parametrize("statement", [2, 9, 18, 25])
def test_a_migration_that_is_killed_leaves_a_library_that_opens(path, statement):
    make_old(path, CHAT)
    before = tables(path)
    killed = subprocess.run([sys.executable, "-c", KILLED_AT, str(path), str(statement)])
    assert killed.returncode == -9
    assert tables(path) == before
    catalogue = Catalogue(path)
    assert strays(catalogue.engine) == []
    assert [d.name for d in catalogue.documents()] == ["a.txt"]
    catalogue.close()


@pytest.mark.parametrize("old", [False, True])
def test_many_first_visits_at_once_find_every_table(path, old):
    if old:
        make_old(path)
    catalogue = Catalogue(path)
    engine, start = catalogue.engine, threading.Barrier(20)
    visits = [
        lambda: Conversations(engine).all(),
        lambda: QuestionLog(engine, 90).entries(),
        lambda: VoteStore(catalogue).all(),
        lambda: JudgementStore(catalogue).all(),
        lambda: QuestionSets(catalogue).names(),
    ]

    def visit(number):
        start.wait()
        return visits[number % len(visits)]()

    with ThreadPoolExecutor(20) as pool:
        assert not any(list(pool.map(visit, range(20))))
    catalogue.close()


def test_opening_a_present_library_does_not_import_alembic(path):
    Catalogue(path).close()
    code = (
        "import sys, pathlib; from rag.store.catalogue import Catalogue\n"
        f"Catalogue(pathlib.Path({str(path)!r})); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_opening_a_present_library_is_quick(path):
    Catalogue(path).close()
    times = []
    for _ in range(5):
        started = time.perf_counter()
        Catalogue(path).close()
        times.append(time.perf_counter() - started)
    assert min(times) < 0.05
