"""Servers of one database behind a load balancer are restarted in turn, and no request fails.

`RESTARTS=2` restarts both; in the suite one leaves, which needs no third start.
"""

from __future__ import annotations

import os
import signal
import threading
import time
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
RESTARTS = int(os.environ.get("RESTARTS", "0"))


def wait_until(happens: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.02)


def end(server: ApiServer) -> None:
    """End a server as an orchestrator does."""
    server.process.send_signal(signal.SIGTERM)
    assert server.ended(60) == 0


@pytest.mark.slow
def test_no_request_fails_while_servers_are_restarted_in_turn(postgres: str, tmp_path: Path):
    with open_library(tmp_path, database_url=postgres) as library:
        stock(library, tmp_path)

    def start(port: int = 0) -> ApiServer:
        options = {"database_url": postgres, "api_drain_seconds": DRAIN, "index_here": False}
        return ApiServer(tmp_path / "library", port, **options)

    with ExitStack() as stack:
        with ThreadPoolExecutor() as starting:
            servers = list(starting.map(start, (0, 0)))
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
            for number in range(max(1, RESTARTS)):
                end(servers[number])
                answer_again(balancer, balancer.servers[1 - number])
                if RESTARTS:
                    servers[number] = start(servers[number].port)
                    wait_until(lambda: len(balancer.ready) == 2)
                    answer_again(balancer, balancer.servers[number])
        finally:
            stop.set()
            for caller in callers:
                caller.join()
    assert set(balancer.statuses) == {200}
    assert balancer.statuses[200] > 20


def answer_again(balancer: Balancer, server: str) -> None:
    """Wait until a server has answered once more."""
    seen = balancer.answered[server]
    wait_until(lambda: balancer.answered[server] > seen)
