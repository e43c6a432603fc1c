"""The page on a free port, in a process of its own, started as somebody would start it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@contextmanager
def serving(*module, **environment):
    """Serve the page with a program of ours; yields its address, stops it at the end."""
    port = free_port()
    command = [sys.executable, "-m", *module, f"--server.port={port}"]
    with started(command, port, **environment) as address:
        yield address


@contextmanager
def started(command, port, cwd=ROOT, log=subprocess.DEVNULL, **environment):
    """Run a command that serves the page on a port; yields its address, stops it at the end."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", **environment}
    with subprocess.Popen(command, cwd=cwd, env=environment, stdout=log, stderr=log) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address, server, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the page did not come up at {address} (exit status {server.poll()})")
