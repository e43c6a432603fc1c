"""Every Python block of docs/integrations.md runs, in order."""

import re
from pathlib import Path

from tests.ranklens.bridges import served
from tests.ranklens.test_examples import BRIDGES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "integrations.md"
ADDRESS = "http://127.0.0.1:8600"


def test_the_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bridges.md").write_text(BRIDGES, "utf-8")
    import ranklens

    with ranklens.open("./library") as library:
        library.add("bridges.md")
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    local = [block for block in blocks if ADDRESS not in block]
    names: dict[str, object] = {}
    for block in local:
        exec(compile(block, "docs/integrations.md", "exec"), names)
    assert "bridges.md 1" in capsys.readouterr().out
    with ranklens.open("./library") as library, served(library) as address:
        for block in blocks[len(local) :]:
            here = block.replace(ADDRESS, address)
            exec(compile(here, "docs/integrations.md", "exec"), names)
    assert "1871" in capsys.readouterr().out
    assert len(blocks) >= 7
