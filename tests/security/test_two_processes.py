"""Two programs on one library: the second one is refused in words, and nothing is harmed."""

import os
import subprocess
import sys

import pytest

from tests.security import sessions
from tests.servers.page import free_port, started


@pytest.fixture
def ranklens(tmp_path):
    """Return a function that runs a command on the test's library, in a process of its own."""

    def run(*words):
        command = [sys.executable, "-P", "-m", "ui.cli", "--library", "library", *words]
        return subprocess.run(
            command, cwd=tmp_path, env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True,
            text=True, timeout=100, check=False,
        )  # fmt: skip

    return run


def test_the_command_line_is_refused_while_the_page_holds_the_library(ranklens, tmp_path):
    for name in ("comet", "moon"):
        (tmp_path / f"{name}.txt").write_text(f"All about the {name} of old.\n")
    assert ranklens("ingest", "comet.txt").returncode == 0
    port = free_port()
    command = [sys.executable, "-P", "-m", "ui.server", str(port)]
    own = {"RANKLENS_LIBRARY": "library"}
    with started(command, port, tmp_path, **own) as address:
        assert b"comet.txt" in sessions.sent(address, "library")
        for words in (("ingest", "moon.txt"), ("remove", "comet.txt"), ("rebuild",)):
            done = ranklens(*words)
            assert done.returncode == 1, words
            assert "in use" in done.stderr
            assert "Traceback" not in done.stderr
        second = free_port()
        with started([*command[:-1], str(second)], second, tmp_path, **own) as other:
            assert b"This library is open in another program" in sessions.sent(other, "library")
        assert b"comet.txt" in sessions.sent(address, "library")
    assert "All is well" in ranklens("verify").stdout
    assert "moon.txt" not in ranklens("documents").stdout
