from __future__ import annotations

import sys

import pytest

from ingest.loaders.base import LOCKED
from ingest.progress import FileOutcome, IndexingProgress
from ui.cli import progress
from ui.cli.progress import Reporter, line

HALF = IndexingProgress(
    1, 2, 30, 60, 10.0, "b.md", True, (FileOutcome("a.md", "added", chunks=30),), seconds_left=10.0
)


def test_a_line_holds_documents_chunks_rate_and_time_left():
    said = "1 of 2 documents · 30 of 60 chunks · 3.0 chunks/s · 10.0 s left · b.md"
    assert line(HALF) == said


def test_the_time_left_is_left_out_while_nothing_is_known():
    assert (
        line(IndexingProgress(documents_total=2))
        == "0 of 2 documents · 0 of 0 chunks · 0.0 chunks/s"
    )


def test_plain_lines_come_now_and_then_and_outcomes_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(progress, "EVERY", 0.0)
    with Reporter() as report:
        report(HALF)
        monkeypatch.setattr(progress, "EVERY", 60.0)
        report(HALF)
    assert capsys.readouterr().out.splitlines() == ["added: a.md (30 chunks)", line(HALF)]


def test_what_was_not_read_of_a_file_is_named(capsys: pytest.CaptureFixture[str]):
    outcome = FileOutcome("a.pdf", "added", chunks=3, warnings=("page 2 was not\nread", "b"))
    with Reporter() as report:
        report(IndexingProgress(outcomes=(outcome,)))
    out, err = capsys.readouterr()
    assert out.splitlines() == ["added: a.pdf (3 chunks)"]
    assert err.splitlines() == ["warning: a.pdf: page 2 was not read", "warning: a.pdf: b"]


def test_a_file_that_needs_its_password_names_the_option(capsys: pytest.CaptureFixture[str]):
    reason = f"{LOCKED}: a password is needed"
    with Reporter() as report:
        report(IndexingProgress(outcomes=(FileOutcome("a.pdf", "failed", reason),)))
    assert capsys.readouterr().err.splitlines() == [
        f"failed: a.pdf: {reason}; add it again with --password TEXT"
    ]


def test_a_terminal_gets_a_bar_beside_the_outcomes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    with Reporter() as report:
        report(HALF)
    out, err = capsys.readouterr()
    assert out == "added: a.md (30 chunks)\n"
    assert "1 of 2 documents" in err
