from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.settings import Settings
from tests.ui.cli.conftest import Run
from tests.ui.cli.fakes import FakeDocument, FakeLibrary
from ui.cli.progress import STOPPING


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, "utf-8")


def test_ingest_says_what_became_of_each_file(run: Run, fake: FakeLibrary, tmp_path: Path):
    write(tmp_path / "in", a_md="new", b_txt="known", c_zzz="new")
    ran = run("ingest", "in")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "unchanged: b.txt: the same bytes are already in the library",
        "skipped: in/c.zzz: its format is not supported",
        "added: a.md (2 chunks)",
        "1 unchanged, 1 added; 2 chunks in 2.0 s",
    ]
    assert ran.err == ""
    assert fake.closed


def test_a_file_that_fails_is_named_and_the_others_are_added(
    run: Run, fake: FakeLibrary, tmp_path: Path
):
    write(tmp_path, bad_md="new", good_md="new")
    ran = run("ingest", "bad.md", "missing.md", "good.md")
    assert ran.code == 1
    assert "added: good.md (2 chunks)" in ran.out
    assert ran.err.splitlines() == [
        "failed: missing.md: there is no such file or folder",
        "failed: bad.md: it is broken",
    ]
    assert ran.out.splitlines()[-1] == "2 failed, 1 added; 2 chunks in 4.0 s"


@pytest.mark.parametrize(
    "command",
    [
        ("documents",),
        ("documents", "--json"),
        ("remove", "a.md"),
        ("reindex",),
        ("verify",),
        ("rebuild",),
        ("ask", "Why?"),
        ("search", "Why?"),
        ("questions",),
        ("judgements",),
        ("eval", "mine"),
    ],
)
def test_a_mistyped_library_is_said_and_not_made(run: Run, tmp_path: Path, command: tuple[str]):
    ran = run(*command, "--library", tmp_path / "mistyped")
    assert ran.code == 1
    assert f"there is no library in {tmp_path / 'mistyped'}; `ranklens ingest" in ran.err
    assert not (tmp_path / "mistyped").exists()


def test_a_password_goes_to_the_library_and_nowhere_else(
    run: Run, fake: FakeLibrary, tmp_path: Path
):
    write(tmp_path, a_md="new")
    ran = run("ingest", "a.md", "--password", "s3cret")
    assert fake.passwords == ["s3cret"]
    assert "s3cret" not in ran.out + ran.err


def test_names_cannot_steer_the_terminal(run: Run, fake: FakeLibrary, tmp_path: Path):
    (tmp_path / "a\x1b[31m.md").write_text("new")
    assert "\x1b" not in run("ingest", tmp_path).out


@pytest.fixture
def heeded() -> Iterator[None]:
    """Signals as a shell's foreground hands them on: in the background some are ignored."""
    before = {one: signal.signal(one, signal.default_int_handler) for one in STOPPING}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize("sent", STOPPING)
def test_a_signal_stops_after_the_file_at_work(
    sent: signal.Signals, run: Run, fake: FakeLibrary, tmp_path: Path
):
    write(tmp_path / "in", a_md="new", b_md="new")
    fake.interrupt = lambda: os.kill(os.getpid(), sent)
    before = signal.getsignal(sent)
    ran = run("ingest", "in")
    assert ran.code == 130
    assert fake.closed
    assert "added" not in ran.out
    assert signal.getsignal(sent) == before


@pytest.mark.usefixtures("heeded")
def test_a_signal_that_was_ignored_stays_so(run: Run, fake: FakeLibrary, tmp_path: Path):
    write(tmp_path / "in", a_md="new")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    fake.interrupt = lambda: os.kill(os.getpid(), signal.SIGHUP)
    assert run("ingest", "in").code == 0


@pytest.mark.usefixtures("heeded")
def test_a_second_ctrl_c_stops_at_once(run: Run, fake: FakeLibrary, tmp_path: Path):
    write(tmp_path / "in", a_md="new")

    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    fake.interrupt = twice
    ran = run("ingest", "in")
    assert ran.code == 130
    assert fake.closed


def test_work_that_came_to_a_halt_fails(run: Run, fake: FakeLibrary, tmp_path: Path):
    write(tmp_path, a_md="new")
    fake.problem = "the model cannot run"
    ran = run("ingest", "a.md")
    assert ran.code == 1
    assert ran.err == "ranklens: the work came to a halt: the model cannot run\n"


def test_documents_as_lines(run: Run, fake: FakeLibrary):
    fake.held = [
        FakeDocument("a.pdf", pages=3, warnings="page 2 was not read\na picture was not"),
        FakeDocument("b.md", "failed", reason="no\ntext"),
        FakeDocument("c.png", ocr="1 page read by OCR, confidence 97%"),
    ]
    assert run("documents").out.splitlines() == [
        "document\tstatus\tpages\tchunks\treason or warning\tOCR\ttags\tcollections",
        "a.pdf\tready\t3\t1\tpage 2 was not read; a picture was not\t\t\tdefault",
        "b.md\tfailed\t\t1\tno text\t\t\tdefault",
        "c.png\tready\t\t1\t\t1 page read by OCR, confidence 97%\t\tdefault",
    ]


def test_documents_as_json(run: Run, fake: FakeLibrary):
    fake.held = [FakeDocument("a.pdf", pages=3)]
    (document,) = json.loads(run("documents", "--json").out)
    assert document == {
        "name": "a.pdf",
        "status": "ready",
        "pages": 3,
        "chunks": 1,
        "reason": "",
        "media_type": "text/plain",
        "warnings": "",
        "ocr": "",
        "tags": [],
        "collections": ["default"],
    }


def test_documents_by_tag(run: Run, fake: FakeLibrary):
    fake.held = [FakeDocument("a.pdf"), FakeDocument("b.md")]
    assert run("tag", "b.md", "draft", "moon").out == "b.md: draft, moon\n"
    assert [one["name"] for one in json.loads(run("documents", "--json", "--tag", "moon").out)] == [
        "b.md"
    ]
    assert run("tag", "b.md").out == "b.md: no tags\n"
    assert run("tag", "c.md", "moon").code == 1


def test_an_address_that_is_not_public_is_a_file_that_failed(run: Run, fake: FakeLibrary):
    ran = run("ingest", "http://127.0.0.1:9/a.pdf")
    assert ran.code == 1
    assert ran.err.startswith("failed: http://127.0.0.1:9/a.pdf: 127.0.0.1 is no public address")


def test_folders_are_watched_listed_and_forgotten(run: Run, fake: FakeLibrary, tmp_path: Path):
    write(tmp_path / "in", a_md="new", b_md="bad")
    assert "no folder is watched" in run("watch").err.lower()
    ran = run("watch", "in")
    assert ran.out.splitlines()[:3] == [
        f"{tmp_path / 'in'}: 2 added",
        "  added: in/a.md",
        "  added: in/b.md",
    ]
    fake.queued.clear()
    assert run("watch").out.splitlines()[0] == f"{tmp_path / 'in'}: nothing has changed"
    assert run("watch", "--forget", "in").out == "not watched any more: in\n"
    assert run("watch", "--forget", "in").code == 1


def test_an_empty_library_says_what_to_do(run: Run, fake: FakeLibrary):
    ran = run("documents")
    assert (ran.code, ran.out) == (0, "")
    assert "ranklens ingest" in ran.err
    assert run("documents", "--json").out == "[]\n"


def test_remove(run: Run, fake: FakeLibrary):
    fake.held = [FakeDocument("report.pdf")]
    ran = run("remove", "reprot.pdf")
    assert ran.code == 1
    assert "there is no document" in ran.err
    assert run("remove", "report.pdf").out == "removed: report.pdf\n"
    assert fake.held == []


def test_reindex_takes_all_or_some(run: Run, fake: FakeLibrary):
    fake.held = [FakeDocument("a.md"), FakeDocument("b.md")]
    run("reindex", "b.md")
    assert fake.queued == ["b.md"]
    assert run("reindex").out.splitlines()[-1] == "2 added; 4 chunks in 4.0 s"
    assert run("reindex", "c.md").code == 1


@pytest.mark.parametrize(("names", "whole"), [((), True), (("a.md",), False)])
def test_only_a_whole_library_is_indexed_again_with_other_settings(
    run: Run,
    fake: FakeLibrary,
    monkeypatch: pytest.MonkeyPatch,
    names: tuple[str, ...],
    whole: bool,
):
    fake.held = [FakeDocument("a.md")]
    accepted: list[bool] = []

    def opened(settings: Settings, reindex: bool = False) -> FakeLibrary:
        accepted.append(reindex)
        return fake

    monkeypatch.setattr("ui.cli.documents.open_library", opened)
    assert run("reindex", *names).code == 0
    assert accepted == [whole]
