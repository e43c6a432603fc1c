"""The page in a process of its own, on a free port of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PATIENCE = 120.0  # seconds


@contextmanager
def serving(
    library: Path, log: int | IO[bytes] = subprocess.DEVNULL, **environment: str
) -> Iterator[tuple[subprocess.Popen[bytes], str, float]]:
    """Serve the page; yields the process, the address and when it was started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = {"HF_HUB_OFFLINE": "1", "RANKLENS_LIBRARY": str(library), **environment}
    started = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"],
        env={**os.environ, **given},
        stdout=log,
        stderr=log,
    )
    try:
        yield server, f"http://127.0.0.1:{port}", started
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)


def fill(library: Path) -> None:
    """Add the sample documents."""
    subprocess.run(
        [sys.executable, "-m", "ui.cli", "ingest", "--library", str(library), "sample_docs"],
        check=False,  # the questions beside the documents are no document
        capture_output=True,
    )


def wait_for(address: str) -> None:
    """Wait until the server answers; raises `TimeoutError`."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"{address} does not answer")
