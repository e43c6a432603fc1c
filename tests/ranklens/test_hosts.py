"""Several processes on one database: each sees at once what another one wrote."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event

from rag.errors import FilterError, LibraryMismatch, NotThere, RanklensError
from rag.evaluate.progress import Interrupted
from rag.rerank.adoption import Adoptions
from rag.rerank.learned import LearnedVersions
from rag.rerank.tuned import TunedVersion, TunedVersions
from rag.settings import Settings
from ranklens import readiness, saved_settings
from ranklens.comparing import save_pipeline, saved_pipelines
from ranklens.connection import ModelConnection
from ranklens.evaluations import keep
from ranklens.judged_sets import opened_set
from ranklens.library import Library
from ranklens.viewing import page_image, source_of
from tests.conftest import ROOT
from tests.rag.evaluate.made import make
from tests.rag.models.tiny import save_cross
from tests.rag.rerank.conftest import learned_weights
from tests.serve.conftest import open_library

TEXTS = {
    "moon.md": "# Moon\n\nThe moon pulls the tide.\n\n# Probe\n\nA probe landed on the moon.",
    "mars.txt": "Mars has two moons. A probe circles mars in a wide orbit.",
    "comet.txt": "A comet has a tail near the sun. Its orbit is long.",
}
Hosts = tuple[Library, Library]


@pytest.fixture
def hosts(postgres: str, tmp_path: Path) -> Iterator[Hosts]:
    """Two hosts of one library that have nothing in common but the database."""
    with (
        open_library(tmp_path / "a", database_url=postgres) as first,
        open_library(tmp_path / "b", database_url=postgres) as second,
    ):
        yield first, second


def write(folder: Path) -> list[Path]:
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in TEXTS]


def found(library: Library, question: str, **more: str) -> set[str]:
    return {hit.chunk.document for hit in library.search(question, **more).stages[-1].hits}


def test_a_host_reads_what_another_one_wrote(hosts: Hosts, tmp_path: Path):
    first, second = hosts
    assert {one.status for one in first.add(write(tmp_path))} == {"added"}
    for _ in range(2):  # the second time out of what is kept
        assert found(second, "probe") == found(first, "probe") == set(TEXTS)
    second.remove("comet.txt")
    assert found(first, "probe orbit") == found(second, "probe orbit") == {"moon.md", "mars.txt"}
    (tmp_path / "moon.md").write_text("# Moon\n\nThe tide is high.")
    second.add([tmp_path / "moon.md"])
    assert "high" in first.text("moon.md")
    assert [hit.chunk.text for hit in first.search("tide").stage("lexical").hits] == [
        hit.chunk.text for hit in second.search("tide").stage("lexical").hits
    ]
    readiness.check(first)


def test_a_question_asks_for_the_version_once(hosts: Hosts, tmp_path: Path):
    library = hosts[0]
    library.add(write(tmp_path))
    library.search("probe")
    statements: list[str] = []

    def note(_db: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(library.index.catalogue.engine, "before_cursor_execute", note)
    library.pipeline.search("moon probe")
    # The version, the vectors, the passages of both retrievers; on a busy machine the second one
    # finds those that the first one has fetched.
    assert len(statements) in (3, 4)
    assert len([one for one in statements if "FROM store_version" in one]) == 1
    statements.clear()
    library.search("moon probe")
    assert len([one for one in statements if "FROM store_version" in one]) == 1
    assert len(statements) in (5, 6)  # two more for the question log


def test_what_is_removed_during_a_question_is_gone_from_the_next_one(hosts: Hosts, tmp_path: Path):
    first, second = hosts
    first.add(write(tmp_path))
    with second.index.one_version():
        assert found(second, "probe") == set(TEXTS)
        first.remove("comet.txt")
        assert found(second, "probe") == {"moon.md", "mars.txt"}  # its passages are not live
        assert second.index.lexical.search("comet", 5)  # as of before
    assert not second.index.lexical.search("comet", 5)
    assert {document.name for document in second.index.catalogue.ready()} == {"moon.md", "mars.txt"}


def test_another_encoder_beside_a_running_host_mixes_nothing(
    hosts: Hosts, postgres: str, tmp_path: Path
):
    running = hosts[0]
    running.add(write(tmp_path))
    assert running.search("probe").stage("dense").hits
    options = {"database_url": postgres, "chunk_tokens": 64}
    with pytest.raises(LibraryMismatch):
        open_library(tmp_path, **options)
    with open_library(tmp_path, reindex=True, **options) as other:
        assert running.work() == []
        assert "chunk_tokens is 64 there" in running.progress_here().problem
        assert {one.status for one in other.work()} == {"added"}
        assert other.search("probe").stage("dense").hits
        trace = running.search("probe")
        assert trace.stage("dense").fell_back
        assert "Restart this process" in trace.stage("dense").note
        assert {hit.chunk.document for hit in trace.stage("lexical").hits} == {
            "moon.md",
            "mars.txt",
        }
        assert other.verify().problems == ()


def test_collections_change_for_all_hosts(hosts: Hosts, tmp_path: Path):
    first, second = hosts
    first.add(write(tmp_path))
    first.collections.ensure("planets")
    first.collections.put("planets", ["mars.txt"])
    assert found(second, "probe", collection="planets") == {"mars.txt"}
    second.collections.put("planets", ["moon.md"])
    assert found(first, "probe", collection="planets") == {"mars.txt", "moon.md"}
    second.collections.remove("planets")
    with pytest.raises(FilterError):
        first.search("probe", collection="planets")


def test_two_hosts_index_one_queue(hosts: Hosts, tmp_path: Path):
    names = {f"{number}.txt" for number in range(12)}
    for name in names:
        (tmp_path / name).write_text(f"The moon and the probe {name} in orbit. " * 20)
        assert hosts[0].enqueue(tmp_path / name).status == "queued"
    with ThreadPoolExecutor(2) as threads:
        outcomes = [one for done in threads.map(Library.work, hosts) for one in done]
    assert sorted(one.name for one in outcomes) == sorted(names)
    assert {one.status for one in outcomes} == {"added"}
    for host in hosts:
        assert host.unfinished() == 0
        assert {document.status for document in host.documents()} == {"ready"}
        assert host.verify().problems == ()


def test_indexing_is_seen_and_stopped_from_another_host(hosts: Hosts, tmp_path: Path):
    first, second = hosts
    names = [path.name for path in write(tmp_path)]
    for name in names:
        first.enqueue(tmp_path / name)
    begun, goes_on = threading.Event(), threading.Event()

    def report(progress) -> None:
        if progress.current:
            begun.set()
            assert goes_on.wait(60)

    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(first.work, report)
        assert begun.wait(60)
        progress = second.progress()
        assert progress.running
        assert progress.documents_total == 3
        second.stop_work()
        first._seen_held = (0.0, False)  # as it will be in a moment
        goes_on.set()
        outcomes = working.result(60)
    assert len(outcomes) < 3
    assert first.progress().stopped
    assert second.progress().stopped
    second.resume_work()
    first._seen_held = (0.0, True)
    first.work()
    assert second.unfinished() == 0


def test_a_folder_is_measured_beside_a_shared_library(postgres: str, tmp_path: Path):
    """Its documents are those of a library of its own: the shared one loses nothing."""
    with open_library(tmp_path, database_url=postgres) as library:
        (tmp_path / "own.txt").write_text("The library's own words.")
        library.add([tmp_path / "own.txt"])
        opened: list[Settings] = []

        def opens(settings: Settings, **how: bool) -> Library:
            opened.append(settings)
            raise Interrupted("far enough")

        with (
            pytest.raises(Interrupted),
            opened_set(opens, library.settings, str(ROOT / "sample_docs")),
        ):
            pass
        (own,) = opened
        assert (own.database_url.get_secret_value(), own.files_url) == ("", "")
        assert [one.name for one in library.documents()] == ["own.txt"]


def test_files_reach_every_host(hosts: Hosts, tmp_path: Path):
    first, second = hosts
    pdf = ROOT / "sample_docs" / "mars-rovers.pdf"
    assert first.enqueue(pdf).status == "queued"
    assert [one.status for one in second.work()] == ["added"]  # a worker reads what is not there
    for host in hosts:
        assert host.file("mars-rovers.pdf").read_bytes() == pdf.read_bytes()
        assert page_image(host, "mars-rovers.pdf", 1).webp[:4] == b"RIFF"
        assert source_of(host, host.chunks("mars-rovers.pdf")[0]) is not None
    first.remove("mars-rovers.pdf")
    with pytest.raises(RanklensError, match="there is no document"):
        second.file("mars-rovers.pdf")


@pytest.mark.parametrize("indexes", [True, False])
def test_a_removed_document_leaves_the_copies_of_every_host(
    hosts: Hosts, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, indexes: bool
):
    first, _ = hosts
    monkeypatch.setattr("ingest.indexing.SHARED_LOOK", 0.01)
    monkeypatch.setattr("rag.store.files.copies.IN_USE", -1e6)
    name, kept = write(tmp_path)[0].name, write(tmp_path)[1].name
    first.add([tmp_path / name, tmp_path / kept])
    with open_library(tmp_path / "c", database_url=postgres, index_here=indexes) as other:
        copies = [other.file(one) for one in (name, kept)]
        first.remove(name)
        other._swept = float("-inf")  # as it will be in an hour
        other.start_worker()
        deadline = time.monotonic() + 60
        while copies[0].exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not copies[0].exists()
        assert copies[1].exists()
    first.remove(kept)
    with open_library(tmp_path / "c", database_url=postgres, index_here=indexes):
        assert not copies[1].exists()


def test_what_is_saved_beside_documents_reaches_every_host(hosts: Hosts):
    first, second = hosts
    save_pipeline(first, "wide", "pool=100")
    assert saved_pipelines(second.settings) == {"wide": "pool=100"}
    for host in hosts:
        versions = LearnedVersions(host.settings)
        versions.adopt(versions.add(learned_weights(maxsim=1.0)).version)
    assert Adoptions(first.settings).all() == ["learned:1", "learned:2"]
    assert Adoptions(second.settings).last() == ("learned", 2)


def test_a_tuned_model_reaches_every_host(hosts: Hosts, tmp_path: Path):
    first, second = hosts
    made = save_cross(tmp_path / "bert", "bert")
    same = {path.name: path.read_bytes() for path in made.iterdir()}
    gain = (0.02, 0.01, 0.03)
    version = TunedVersion("bert", "bridges", 30, "2026-01-01", gain, True, "hybrid:tuned")
    kept = TunedVersions(first.settings).add(version, made, "# Version {version}")
    versions = TunedVersions(second.settings)
    assert versions.adopt(kept.version) == kept == TunedVersions(first.settings).adopted()
    for folder in (versions.folder(kept.version), versions.folder(kept.version)):
        held = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert held.items() >= same.items()


def test_an_evaluation_is_shown_by_every_host(hosts: Hosts):
    first, second = hosts
    evaluation = make(4)  # it holds the second in which it is made
    kept = keep(first, evaluation)
    assert kept
    assert second.evaluations.rankings(kept.id) == evaluation
    second.evaluations.remove(kept.id)
    with pytest.raises(NotThere):
        first.evaluations.rankings(kept.id)


def test_what_the_owner_saves_holds_on_every_host_from_the_next_question_on(hosts: Hosts):
    first, second = hosts
    saved_settings.save(first, "pool", 70)
    assert second.pipeline_in().settings.pool == second.settings.pool == 70
    saved_settings.reset(second, "pool")
    saved_settings.refresh(first)
    assert first.settings.pool == first.given.pool
    one = ModelConnection("Mine", "Another address", "http://there.example/v1", "small")
    saved_settings.connect(first, one)
    saved_settings.choose(first, "Mine")
    assert second.pipeline_in().settings.llm_model == "small"
    saved_settings.disconnect(second, "Mine")
    assert first.pipeline_in().settings.llm_model == first.given.llm_model
    before = second.pipeline
    second.pipeline_in()
    assert second.pipeline is before  # nothing has changed: nothing is put together again
