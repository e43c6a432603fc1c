"""A local server that answers every request alike, whatever it is: a proxy's page, a bomb.

with FixedServer(b"<html>secret", headers={"content-type": "text/html"}) as server: ...
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler

from tests.servers.local import LocalServer, QuietHandler

JSON = {"content-type": "application/json"}
STREAM = {"content-type": "text/event-stream"}
HTML = {"content-type": "text/html; charset=utf-8"}


class FixedServer(LocalServer):
    """``body`` may be an iterator of pieces without an end; ``sent`` counts the bytes that went."""

    PATH = "/v1"

    def __init__(
        self, body: bytes | Iterable[bytes], status: int = 200, headers: Mapping[str, str] = JSON
    ) -> None:
        self.body, self.status, self.headers = body, status, headers
        self.asked: list[str] = []
        self.authorized: list[str | None] = []
        self.sent = 0
        super().__init__(_handler(self))


def _handler(server: FixedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self._answer()

        def _answer(self) -> None:
            server.asked.append(self.path)
            server.authorized.append(self.headers.get("authorization"))
            self.close_connection = True
            self.send_response(server.status)
            for name, value in {**server.headers, "connection": "close"}.items():
                self.send_header(name, value)
            self.end_headers()
            pieces = [server.body] if isinstance(server.body, bytes) else server.body
            try:
                for piece in pieces:
                    self.wfile.write(piece)
                    server.sent += len(piece)
            except OSError:
                return

    return Handler
