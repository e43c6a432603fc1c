"""Every Python block of docs/compatible-apis.md runs, in order, against a real server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rag.settings import Settings
from ranklens.library import Library
from tests.serve.compatible.conftest import served

PAGE = Path(__file__).resolve().parents[3] / "docs" / "compatible-apis.md"
BRIDGES = "# Bridges\n\nThe stone bridge was opened in 1871. It was built by Anna Berg.\n"
ADDRESS = "http://127.0.0.1:8600/api"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_examples_run(tmp_path: Path, cache_folder: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "bridges.md").write_text(BRIDGES, "utf-8")
    names: dict[str, object] = {}
    with Library.open(Settings(library=tmp_path / "library", cache=cache_folder)) as library:
        library.add(tmp_path / "bridges.md")
        with served(library) as address:
            for number, block in enumerate(blocks(), 1):
                code = compile(block.replace(ADDRESS, address), f"{PAGE.name}, {number}", "exec")
                exec(code, names)  # our own page
            names["client"].close()
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("1 ")  # Cohere's best is the second text
    assert any("1871" in line for line in shown)
    assert any("bridges.md" in line for line in shown)
    assert len(blocks()) >= 8
