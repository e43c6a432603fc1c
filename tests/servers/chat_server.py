"""A local server for unstreamed chat completions: ``answer`` maps (system, user) to the words.

``answer`` may return an int (a status to refuse with) or a float (seconds of silence first).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from tests.servers.local import LocalServer, QuietHandler

Answer = Callable[[str, str], str | int | float]


class ChatServer(LocalServer):
    """Serves on a free port of 127.0.0.1 while the context is open; keeps (system, user)."""

    PATH = "/v1"

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str]] = []
        super().__init__(_handler(self))


def _handler(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(QuietHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            system, user = (message["content"] for message in body["messages"])
            server.asked.append((system, user))
            said = server.answer(system, user)
            if isinstance(said, float):
                server.closing.wait(said)
                said = "too late"
            status = said if isinstance(said, int) else 200
            message = {"role": "assistant", "content": said}
            answer = {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1,
                "model": body["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
            }
            refusal = {"error": {"message": "no", "type": "server_error", "code": None}}
            data = json.dumps(answer if status == 200 else refusal).encode()
            try:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                self.close_connection = True

    return Handler
