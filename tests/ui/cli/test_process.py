"""The command line as a process of its own: what it loads, and how it ends."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HEAVY = ("torch", "chromadb", "streamlit", "transformers", "onnxruntime", "numpy")


def ranklens(*arguments: str, cwd: Path, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(cwd)}
    command = [sys.executable, "-m", "ui.cli", *arguments]
    return subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=stdout, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize("arguments", [["--help"], ["ask", "--help"], ["settings"]])
def test_help_and_settings_load_nothing_heavy(arguments: list[str], tmp_path: Path):
    source = (
        "import sys\n"
        "from ui.cli import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as stopped:\n"
        f"    loaded = [name for name in {HEAVY} if name in sys.modules]\n"
        "    sys.exit(stopped.code or ' '.join(loaded) or None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_has_gone_is_quiet(tmp_path: Path):
    reader, writer = os.pipe()
    os.close(reader)
    process = ranklens("settings", cwd=tmp_path, stdout=writer)
    os.close(writer)
    _, err = process.communicate(timeout=60)
    assert err == b""


def test_a_terminal_gets_a_table_that_fits(tmp_path: Path):
    reader, writer = pty.openpty()
    termios.tcsetwinsize(writer, (24, 90))
    process = ranklens("settings", cwd=tmp_path, stdout=writer)
    os.close(writer)
    shown = b""
    with contextlib.suppress(OSError):  # the end of a pseudo-terminal is an error
        while piece := os.read(reader, 65536):
            shown += piece
    process.communicate(timeout=60)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()
    assert any(re.fullmatch(r" *─+ *", row) for row in lines)
    assert max(map(len, lines)) <= 90


def test_an_error_is_one_line(tmp_path: Path):
    (tmp_path / "ranklens.toml").write_text("poool = 3")
    process = ranklens("settings", cwd=tmp_path)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.startswith(b"ranklens: unknown option poool in ")
    assert err.count(b"\n") == 1


def test_an_error_cannot_steer_the_terminal(tmp_path: Path):
    (tmp_path / "ranklens.toml").write_text('"\\u001b]0;title\\u0007\\n" = 3')
    process = ranklens("settings", cwd=tmp_path)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"unknown option" in err
    assert b"\x1b" not in err
    assert err.count(b"\n") == 1


def test_no_command_shows_what_there_is(tmp_path: Path):
    process = ranklens(cwd=tmp_path)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"ingest" in out + err
