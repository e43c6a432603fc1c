"""A load balancer as orchestrators have one: asks who is ready, and sends requests to those only.

    with Balancer([first.port, second.port]) as balancer:
        httpx.post(balancer.url + "/api/v1/search", json=…)

A request is tried on another server only if no connection could be made: what was sent is not sent
twice. Every status that a client got is in ``statuses``.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler

import httpx

from tests.servers.local import LocalServer, QuietHandler

LOOK = 0.1  # seconds between looks at who is ready


class Balancer(LocalServer):
    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__(_handler(self))
        self.servers = [f"http://127.0.0.1:{port}" for port in ports]
        self.statuses: Counter[int] = Counter()
        self.answered: Counter[str] = Counter()
        self._ready: list[str] = []
        self._turns = itertools.count()
        self._client = httpx.Client(timeout=30)
        self._looks = threading.Thread(target=self._look, daemon=True)
        self._looks.start()

    @property
    def ready(self) -> list[str]:
        """The servers that were ready at the last look."""
        return self._ready

    def send(self, method: str, path: str, body: bytes, kind: str) -> httpx.Response | None:
        """Send a request to the next server that is ready; None if none could be reached."""
        turn, ready = next(self._turns), self._ready
        for server in ready[turn % max(1, len(ready)) :] + ready[: turn % max(1, len(ready))]:
            try:
                reply = self._client.request(
                    method, server + path, content=body, headers={"content-type": kind}
                )
            except httpx.ConnectError:
                continue
            self.answered[server] += 1
            return reply
        return None

    def _look(self) -> None:
        with httpx.Client(timeout=5) as client:
            while not self.closing.wait(LOOK):
                self._ready = [one for one in self.servers if _is_ready(client, one)]


def _is_ready(client: httpx.Client, server: str) -> bool:
    try:
        return client.get(f"{server}/api/ready").status_code == 200
    except httpx.HTTPError:
        return False


def _handler(balancer: Balancer) -> type[BaseHTTPRequestHandler]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:
            self._pass_on("GET")

        def do_POST(self) -> None:
            self._pass_on("POST")

        def _pass_on(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            kind = self.headers.get("content-type", "")
            try:
                reply = balancer.send(method, self.path, body, kind)
            except httpx.HTTPError:
                reply = None
            status, data = (reply.status_code, reply.content) if reply else (502, b"")
            balancer.statuses[status] += 1
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler
