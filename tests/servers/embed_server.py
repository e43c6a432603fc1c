"""A local server that encodes: Text Embeddings Inference's `/embed`, OpenAI's `/v1/embeddings`.

    with EmbedServer() as server:
        settings = Settings(encoder_url=server.url, encoder_key=KEY)

Vectors are those of `encode`, by default the fake encoder's. The key is checked, every request is
kept, and `fail` answers the next ones with statuses or bodies of its own.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np

from tests.fakes import WordEncoder
from tests.servers.local import LocalServer, QuietHandler

KEY = "test-key-0123456789abcdef"
LIMIT = 32


class EmbedServer(LocalServer):
    def __init__(self, key: str = KEY) -> None:
        super().__init__(_handler(self))
        self.key = key
        self.requests: list[tuple[str, Mapping[str, str], Mapping[str, Any]]] = []
        self.encode: Callable[[Sequence[str]], np.ndarray] = WordEncoder().encode
        self.delay = 0.0
        self.faults: deque[tuple[int, Any]] = deque()

    def fail(self, *faults: tuple[int, Any]) -> None:
        """Answer the next requests with these statuses and bodies."""
        self.faults.extend(faults)

    def answer(self, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        if self.faults:
            return self.faults.popleft()
        if path == "/embed":
            if len(body["inputs"]) > LIMIT:
                return 413, {"error": f"batch size > {LIMIT}", "error_type": "Validation"}
            return 200, (3 * self.encode(body["inputs"])).tolist()
        if path.endswith("/v1/embeddings"):
            rows = enumerate(self.encode(body["input"]).tolist())
            data = [{"object": "embedding", "index": i, "embedding": row} for i, row in rows]
            return 200, {"object": "list", "data": data[::-1], "model": body["model"]}
        return 404, {"error": "no such route"}


def _handler(server: EmbedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(QuietHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.requests.append((self.path, headers, body))
            server.closing.wait(server.delay)
            if server.key and headers.get("authorization") != f"Bearer {server.key}":
                status, reply = 401, {"error": "invalid api key"}
            else:
                status, reply = server.answer(self.path, body)
            data = json.dumps(reply).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", str(reply))
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler
