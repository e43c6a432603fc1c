"""A library's database copied to PostgreSQL and back: every row, or nothing."""

import numpy as np
import pytest

from ingest.originals import MARK, Originals, hand_over
from rag.chat.store import Conversations
from rag.errors import LibraryError, LibraryInUse
from rag.evaluate.data import Question
from rag.evaluate.experiments import pipelines
from rag.evaluate.judgements.question_sets import QuestionSets
from rag.rerank.tuned import TunedVersion, TunedVersions
from rag.settings import Settings
from rag.store.catalogue import Catalogue
from rag.store.collections import Collections
from rag.store.facts import facts_of
from rag.store.files.bucket import BucketFiles
from rag.store.files.choice import files_of
from rag.store.files.copies import read
from rag.store.files.rows import RowFiles
from rag.store.owner import Owner
from rag.store.saved_settings import SavedSettings
from rag.store.sources import Sources, Tags
from rag.types import Chunk, Trace
from ranklens import migrating
from ranklens.doctor import _files, _library
from ranklens.migrating import migrate, migrate_library
from ranklens.tables import metadata
from tests.ui.cli.conftest import run  # noqa: F401 - a fixture


@pytest.fixture
def folder(tmp_path):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    for name in ("moon.md", "Größe \U0001f680.txt"):
        key = catalogue.add_document(name, 5_000_000_000, f"digest of {name}")
        catalogue.change(key, "queued", status="indexing", text="The moon.", spans=[[0, 9]])
        chunks = [
            Chunk(f"{name}-{n}", name, n, n + 1, "x\U0001f680", 1, ("A", "ß")) for n in (0, 1)
        ]
        catalogue.add_chunks(key, 0, chunks, np.array([[0.1, -1], [2, 3]], np.float32))
        catalogue.publish(key, 0.1)
    Collections(catalogue).make("other")
    Collections(catalogue).put("other", ["moon.md"])
    QuestionSets(catalogue).put("set", [Question("q1", "Why?")], "other")
    engine = catalogue.engine
    Tags(engine).put("moon.md", ["sky"])
    source = Sources(engine).add("folder", "/x", "x")
    Sources(engine).looked(source, "", {"added": ["a"]})
    SavedSettings(engine).save("pool", 30)
    kept = Conversations(engine)
    kept.add(kept.start("Moon"), "Why?", Trace("Why?", {}, ()))
    catalogue.close()
    return tmp_path / "catalogue.sqlite"


def rows(where):
    catalogue = Catalogue(where)
    with catalogue.engine.connect() as db:
        found = {t.name: migrating._digest(db, t) for t in metadata.sorted_tables}
    catalogue.close()
    return found


def test_there_and_back_every_row_is_the_same(folder, postgres, tmp_path):
    seen = []
    copied = migrate(folder, postgres, lambda *step: seen.append(step))
    assert seen[-1][1:] == (copied, copied)
    assert rows(postgres) == rows(folder)
    again = tmp_path / "again.sqlite"
    assert migrate(postgres, again) == copied
    assert rows(again) == rows(folder)


def test_the_copy_goes_on_counting(folder, postgres):
    migrate(folder, postgres)
    catalogue = Catalogue(postgres)
    assert catalogue.add_document("new.md", 1, "n") == 3
    assert Collections(catalogue).make("third") == "third"
    assert catalogue.fetch(["moon.md-1"])["moon.md-1"].heading == ("A", "ß")
    catalogue.close()


def test_a_copy_that_is_interrupted_leaves_nothing_and_is_done_again(folder, postgres):
    def stop(table, done, total):
        if table == "chunks":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate(folder, postgres, stop)
    catalogue = Catalogue(postgres)
    assert catalogue.documents() == []
    catalogue.close()
    assert migrate(folder, postgres)


def test_a_database_with_documents_is_not_written_over(folder, postgres):
    migrate(folder, postgres)
    before = rows(postgres)
    with pytest.raises(LibraryError, match="holds a library already"):
        migrate(folder, postgres)
    assert rows(postgres) == before


def test_a_copy_that_differs_is_not_kept(folder, postgres, monkeypatch):
    digests = iter(range(1000))
    monkeypatch.setattr(migrating, "_digest", lambda *_: next(digests))
    with pytest.raises(LibraryError, match="differs from the original; nothing was kept"):
        migrate(folder, postgres)
    catalogue = Catalogue(postgres)
    assert catalogue.documents() == []
    catalogue.close()


def test_a_folder_that_is_in_use_is_not_copied(folder, postgres):
    owner = Owner(folder.parent)
    with pytest.raises(LibraryInUse):
        migrate_library(Settings(library=folder.parent), postgres)
    owner.release()


def test_the_command_copies_there_and_back(folder, postgres, tmp_path, run, monkeypatch):  # noqa: F811
    assert run("migrate", "--library", folder.parent, "--to", postgres).code == 0
    monkeypatch.setenv("RANKLENS_DATABASE_URL", postgres)
    assert run("migrate", "--to", tmp_path / "back").code == 0
    assert rows(tmp_path / "back" / "catalogue.sqlite") == rows(folder)


def test_doctor_reads_the_copy(folder, postgres):
    migrate(folder, postgres)
    found = dict(_library(Settings(database_url=postgres)))
    assert found["documents"] == "2 ready, 4 chunks"
    assert found["pgvector"] >= "0.8"
    assert "ranklens@" not in found["library"]
    gone = dict(_library(Settings(database_url="postgresql://a:secret@127.0.0.1:1/x")))
    assert "cannot be reached" in gone["database"]
    assert "secret" not in str(gone)


@pytest.fixture
def stocked(folder):
    """The folder with originals, rankings, saved pipelines and a tuned model."""
    here = Settings(library=folder.parent, cache=folder.parent / "cache")
    for key, data in (("files/" + "a" * 64, b"moon"), ("measured/1.json.gz", b"rankings")):
        (folder.parent / key).parent.mkdir(exist_ok=True)
        (folder.parent / key).write_bytes(data)
    pipelines.save(here, "wide", {"pool": 100})
    model = folder.parent / "model"
    model.mkdir()
    (model / "weights").write_bytes(b"1 2 3")
    version = TunedVersion("bert", "set", 30, "2026-01-01", (0.0, 0.0, 0.1), True, "hybrid:tuned")
    versions = TunedVersions(here)
    versions.adopt(versions.add(version, model, "# {version}").version)
    return here


def everything(settings):
    files, versions = files_of(settings), TunedVersions(settings)
    keys = [one.key for kind in ("files", "measured") for one in files.list(kind)]
    models = [
        (one, (versions.folder(one.version) / "weights").read_bytes()) for one in versions.all()
    ]
    held = {key: read(files, key) for key in keys}
    return held, models, versions.adopted(), pipelines.saved(settings)


@pytest.mark.parametrize("kept", ["rows", "bucket"])
def test_files_and_facts_go_with_the_rows_and_come_back(stocked, postgres, tmp_path, request, kept):
    address = request.getfixturevalue("bucket") if kept == "bucket" else ""
    migrate_library(stocked.updated(files_url=address), postgres)
    shared = Settings(
        library=tmp_path / "other host", cache=tmp_path / "other cache",
        database_url=postgres, files_url=address,
    )  # fmt: skip
    assert everything(shared) == everything(stocked)
    assert isinstance(files_of(shared), BucketFiles if address else RowFiles)
    migrate_library(shared, tmp_path / "back")
    back = Settings(library=tmp_path / "back", cache=tmp_path / "cache")
    assert everything(back) == everything(stocked)
    assert rows(tmp_path / "back" / "catalogue.sqlite") == rows(
        stocked.library / "catalogue.sqlite"
    )


def test_a_bucket_belongs_to_the_copy_alone(stocked, postgres, bucket, tmp_path, monkeypatch):
    """Two libraries with one mark would each delete what it does not know."""
    monkeypatch.setattr("ingest.originals.ORPHANED", -1e6)
    before = stocked.updated(files_url=bucket)
    assert Originals(before).sweep(lambda: {"a" * 64}) == 0  # it writes its mark
    migrate_library(before, postgres)
    after = Settings(
        library=tmp_path / "b", cache=tmp_path / "b cache", database_url=postgres, files_url=bucket
    )
    assert facts_of(before).read(MARK) != facts_of(after).read(MARK)
    assert Originals(before).sweep(set) == 0
    assert Originals(after).has("a" * 64)
    assert Originals(after).sweep(set) == 1
    third = Settings(library=tmp_path / "c", cache=tmp_path / "c cache", files_url=bucket)
    hand_over(third, third.updated(library=tmp_path / "d"))  # it was never the one that sweeps
    assert facts_of(third.updated(library=tmp_path / "d")).read(MARK) is None
    migrate_library(after, tmp_path / "back")  # keeps files in its folder
    assert facts_of(Settings(library=tmp_path / "back")).read(MARK) is None


def test_a_copy_of_files_that_was_interrupted_goes_on(stocked, postgres):
    def stop(what, done, total):
        if what == "files":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate_library(stocked, postgres, stop)
    shared = stocked.updated(database_url=postgres, library=stocked.library / "nothing")
    assert len(everything(shared)[0]) == 1
    assert migrating.copy_files(stocked, shared) == 2  # the other file, and the model
    assert migrating.copy_files(stocked, shared) == 0
    migrate_library(stocked, postgres)
    assert everything(shared) == everything(stocked)


def test_doctor_tries_the_bucket(bucket, tmp_path, monkeypatch):
    settings = Settings(library=tmp_path, files_url=bucket)
    assert dict(_files(settings)) == {"files": "the bucket ranklens can be written and read"}
    assert dict(_files(Settings())) == {}
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret-1234")
    (found,) = _files(settings)
    assert "refuses this program's key" in found[1]
    assert "1234" not in found[1]
