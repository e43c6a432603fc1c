"""Two programs on one library: the second one is refused in words, and nothing is harmed."""

import os
import subprocess
import sys

from rag.settings import Settings
from ranklens.library import Library
from tests.security import sessions
from tests.servers.page import free_port, started


def served(library, folder):
    port = free_port()
    command = [sys.executable, "-P", "-m", "ui.server", str(port)]
    return started(command, port, folder, RANKLENS_LIBRARY=str(library))


def ingest(library, file):
    command = [sys.executable, "-P", "-m", "ui.cli", "--library", library, "ingest", file]
    return subprocess.run(
        command, cwd=file.parent, env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True,
        text=True, timeout=100, check=False,
    )  # fmt: skip


def test_a_second_program_is_refused_and_harms_nothing(settings, tmp_path):
    for name in ("comet", "moon"):
        (tmp_path / f"{name}.txt").write_text(f"All about the {name} of old.\n")
    with Library.open(settings) as library:
        library.enqueue(tmp_path / "comet.txt")
        library.work()
    with served(settings.library, tmp_path) as address:
        assert b"comet.txt" in sessions.sent(address, "library")
        done = ingest(settings.library, tmp_path / "moon.txt")
        assert done.returncode == 1
        assert "is in use by `ranklens run`" in done.stderr
        assert "Traceback" not in done.stderr
        with served(settings.library, tmp_path) as other:
            assert b"This library is open in another program" in sessions.sent(other, "library")
        assert b"comet.txt" in sessions.sent(address, "library")
    with Library.open(Settings(library=settings.library)) as library:
        assert [document.name for document in library.documents()] == ["comet.txt"]
        assert library.verify().problems == ()
