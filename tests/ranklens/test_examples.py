"""Every Python block of docs/api.md runs, in order, on a small library."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BRIDGES = """# Bridges

The stone bridge was opened in 1871. It was built by Anna Berg and her brother.

The iron bridge was opened in 1902 and closed in 1950.
"""


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bridges.md").write_text(BRIDGES, "utf-8")
    (tmp_path / "more.txt").write_text("A ferry crossed the river before.", "utf-8")
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "letter.txt").write_text("Anna Berg wrote to the mayor.", "utf-8")
    names: dict[str, object] = {}
    try:
        for number, block in enumerate(blocks(), 1):
            exec(compile(block, f"docs/api.md, block {number}", "exec"), names)  # our own page
        assert names["trace"].evidence[0].chunk.document == "bridges.md"
        assert [side.problem for side in names["compared"].sides] == ["", "", ""]
    finally:
        names["library"].close()
    assert len(blocks()) >= 9
