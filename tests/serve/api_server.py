"""`ranklens serve` in a process of its own, with the fake encoder: ``python -m … FOLDER PORT``."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.fakes import WordEncoder
from tests.servers.page import free_port

ROOT = Path(__file__).parents[2]


class ApiServer:
    """A running server: its address, and ways to end it."""

    def __init__(self, folder: Path, port: int = 0, **options: object) -> None:
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}/api"
        environment = {f"RANKLENS_{name.upper()}": str(value) for name, value in options.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(folder), str(self.port)], cwd=ROOT,
            env={**os.environ, "RANKLENS_RERANKER": "none", **environment},
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._wait()

    def _wait(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                httpx.get(f"{self.address}/health", timeout=2)
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"the API did not come up (exit status {self.process.poll()})")

    def ended(self, seconds: float) -> int | None:
        """The exit status; None if it has not ended within so many seconds."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None


@contextmanager
def serving(folder: Path, **options: object) -> Iterator[ApiServer]:
    """Serve the API of the library in a folder; the server is killed at the end if need be."""
    server = ApiServer(folder, **options)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


if __name__ == "__main__":
    import ranklens.library
    from ui import cli

    ranklens.library.load_encoder = lambda _settings: WordEncoder()
    sys.argv = ["ranklens", "--library", sys.argv[1], "serve", "--port", sys.argv[2]]
    cli.main()
