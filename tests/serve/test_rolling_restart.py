"""Servers behind a load balancer are restarted one after the other, and no request fails."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.serve.api_server import ApiServer
from tests.serve.conftest import open_library, stock
from tests.servers.balancer import Balancer

ASKED = {"question": "Which probe landed on the moon?"}
DRAIN = 1.0  # seconds; the balancer looks ten times as often
CALLERS = 3
RESTARTS = int(os.environ.get("RESTARTS", "1"))  # of the two servers


def wait_until(happens: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.02)


def started(folder: Path) -> ApiServer:
    return ApiServer(folder / "library", api_drain_seconds=DRAIN)


def restarted(server: ApiServer, folder: Path) -> ApiServer:
    """End a server as an orchestrator does, and start another one on its port."""
    server.process.send_signal(signal.SIGTERM)
    assert server.ended(60) == 0
    return ApiServer(folder, server.port, api_drain_seconds=DRAIN)


@pytest.mark.slow
def test_no_request_fails_while_servers_are_restarted_in_turn(tmp_path: Path):
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
        with open_library(folder) as library:
            stock(library, folder)
    with ExitStack() as stack:
        with ThreadPoolExecutor() as starting:
            servers = list(starting.map(started, folders))
        stack.callback(lambda: [(one.process.kill(), one.process.wait()) for one in servers])
        balancer = stack.enter_context(Balancer([one.port for one in servers]))
        wait_until(lambda: len(balancer.ready) == 2)
        stop = threading.Event()

        def ask() -> None:
            with httpx.Client(timeout=60) as client:
                while not stop.is_set():
                    client.post(f"{balancer.url}/api/v1/search", json=ASKED)

        callers = [threading.Thread(target=ask) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        try:
            for number, folder in list(enumerate(folders))[:RESTARTS]:
                before = Counter(balancer.answered)
                servers[number] = restarted(servers[number], folder / "library")
                wait_until(lambda: len(balancer.ready) == 2)
                for server in balancer.servers:  # both are asked again
                    seen = balancer.answered[server]
                    wait_until(lambda server=server, seen=seen: balancer.answered[server] > seen)
                assert (
                    balancer.answered[balancer.servers[1 - number]]
                    > before[balancer.servers[1 - number]]
                )  # the other one went on meanwhile
        finally:
            stop.set()
            for caller in callers:
                caller.join()
    assert set(balancer.statuses) == {200}
    assert balancer.statuses[200] > 20
