"""Every example of docs/http-api.md runs, in order, against a served library."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

import serve.app
import ui.cli.commands
from rag.settings import Settings
from serve.library import OpenLibrary
from serve.stopping import Stopping
from tests.ranklens.test_examples import BRIDGES
from tests.serve.conftest import open_library, served

PAGE = Path(__file__).parents[2] / "docs" / "http-api.md"
WRITTEN = "127.0.0.1:8600"
# Routes of other protocols have pages of their own.
OTHERS = {"compatible"}


def blocks() -> list[tuple[str, str]]:
    """Language and text of every block that is run."""
    text = PAGE.read_text("utf-8")
    return re.findall(r"^```(sh|python)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def run_shell(block: str, environment: dict[str, str]) -> str:
    block = block.replace("curl ", "curl -sS --fail-with-body --max-time 60 ")
    command = [str(shutil.which("bash")), "-eu", "-c", block]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, (block, done.stdout, done.stderr)
    return done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bridges.md").write_text(BRIDGES, "utf-8")
    (tmp_path / "more.txt").write_text("A ferry crossed the river before.", "utf-8")
    names: dict[str, object] = {}
    outputs: list[str] = []
    with open_library(tmp_path) as library, served(library) as address:
        library.start_worker()
        environment = {
            **os.environ,
            "RANKLENS_LIBRARY": str(library.settings.library),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        for number, (language, block) in enumerate(blocks(), 1):
            block = block.replace(WRITTEN, address)
            if language == "sh":
                outputs.append(run_shell(block, environment))
            else:
                exec(compile(block, f"docs/http-api.md, block {number}", "exec"), names)
        names["api"].close()
        assert [key.revoked is not None for key in library.keys.all()] == [True]
    assert '"status":"ok"' in outputs[0]
    assert "event: done" in outputs[1]
    assert "1871" in names["trace"]["answer"]["text"]
    assert "1871" in capsys.readouterr().out
    assert len(blocks()) >= 9


def commands(group: TyperGroup, before: str = "") -> Iterator[str]:
    """Every command of the command line, those of groups too."""
    for name, command in group.commands.items():
        yield f"{before}{name}"
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{before}{name} ")


def table() -> list[tuple[str, str]]:
    """The rows of the table from command to route: both cells of each."""
    text = PAGE.read_text("utf-8").split("## From command to route")[1]
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", text, re.MULTILINE)
    return [row for row in rows if not row[0].startswith(("command", "-"))]


def test_every_command_has_a_route_or_a_reason_why_not():
    named = {name: where for cell, where in table() for name in re.findall("`([^`]+)`", cell)}
    assert {*commands(typer.main.get_command(ui.cli.commands.app))} == named.keys()
    for where in named.values():
        assert re.search("`(GET|POST|PUT|DELETE) /|none: .{10}", where)


def test_the_page_names_every_route():
    document = serve.app.create(OpenLibrary(lambda: None, Settings), Stopping()).openapi()
    routes = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if not OTHERS & {*operation["tags"]} and not path.startswith("/v1/traces")
    }
    cells = " ".join(where for _, where in table())
    named = set(re.findall(r"`((?:GET|POST|PUT|DELETE) [^`]+)`", cells))
    assert routes - named == set()
    assert named - routes <= {"GET /v1/models"}
