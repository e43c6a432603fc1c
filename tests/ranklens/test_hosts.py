"""Several processes on one database: each sees at once what another one wrote."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event

from rag.errors import FilterError, LibraryMismatch
from ranklens import readiness
from ranklens.library import Library
from tests.serve.conftest import open_library

TEXTS = {
    "moon.md": "# Moon\n\nThe moon pulls the tide.\n\n# Probe\n\nA probe landed on the moon.",
    "mars.txt": "Mars has two moons. A probe circles mars in a wide orbit.",
    "comet.txt": "A comet has a tail near the sun. Its orbit is long.",
}
Hosts = tuple[Library, Library]


@pytest.fixture
def hosts(postgres: str, tmp_path: Path) -> Iterator[Hosts]:
    """Two hosts of one library; the originals are in a folder that both see."""
    with (
        open_library(tmp_path, database_url=postgres) as first,
        open_library(tmp_path, database_url=postgres) as second,
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
    assert len(statements) == 4  # the version, the vectors, the passages of both retrievers
    assert len([one for one in statements if "FROM store_version" in one]) == 1
    statements.clear()
    library.search("moon probe")
    assert len([one for one in statements if "FROM store_version" in one]) == 1
    assert len(statements) == 6  # two more for the question log


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
