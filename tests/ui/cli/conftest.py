from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rag.settings import Settings
from tests.ui.cli.fakes import FakeLibrary
from ui import cli


@dataclass
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process, in an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def ran(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["ranklens", *map(str, arguments)])
        code: object = 0
        try:
            cli.main()
        except SystemExit as stopped:
            code = stopped.code
        out, err = capsys.readouterr()
        return Ran(int(code or 0), out, err)

    return ran


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeLibrary:
    """A fake library that every command opens in place of a real one."""
    library = FakeLibrary(Settings(library=tmp_path / "library"))

    def opened(settings: Settings, reindex: bool = False, create: bool = False) -> FakeLibrary:
        library.settings = settings
        return library

    for module in ("documents", "page", "questions", "upkeep", "watching"):
        monkeypatch.setattr(f"ui.cli.{module}.open_library", opened)
    return library
