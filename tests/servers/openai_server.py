"""A local server that speaks OpenAI's chat completions, streamed or whole, with scripted faults.

    with OpenAIServer() as server:
        server.script(Reply(["The sky ", "is blue [1]."]))
        settings = Settings(llm_base_url=server.url, llm_model="fake", llm_api_key=server.key)

Without a script it answers "The passages say so [1]." It checks the key, the model and the size
of the prompt as the real ones do, and keeps every request.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.servers.local import LocalServer, QuietHandler

KEY = "sk-test-0123456789abcdef"


@dataclass(frozen=True)
class Pause:
    """Send nothing for so long; a comment every ``beat`` seconds where one is given."""

    seconds: float
    beat: float = 0.0


@dataclass(frozen=True)
class Raw:
    """Send these characters as they are."""

    text: str


@dataclass(frozen=True)
class Thought:
    """Send this as thinking, in the field of that name."""

    text: str
    field: str = "reasoning_content"


class Cut:
    """Close the connection here, in the middle of the chunked body."""


class End:
    """End the body here, without a finish reason and without [DONE]."""


@dataclass(frozen=True)
class Reply:
    """One scripted response: contents, or `Thought`, `Pause`, `Raw`, `Cut`, `End`."""

    pieces: Sequence[str | Thought | Pause | Raw | Cut | End] = ()
    status: int = 200
    error: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    finish: str | None = "stop"
    refusal: str = ""
    delay: float = 0.0
    content_type: str = "text/event-stream"


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    headers: Mapping[str, str]
    body: Mapping[str, Any]
    port: int = 0  # of the client: the same one for requests over one connection

    @property
    def prompt(self) -> str:
        return "\n".join(message["content"] for message in self.body["messages"])


DEFAULT = Reply(["The passages ", "say so [", "1]."])


class OpenAIServer(LocalServer):
    """Serves on a free port of 127.0.0.1 while the context is open."""

    PATH = "/v1"

    def __init__(self, key: str = KEY, models: Sequence[str] = ("fake",), window: int = 0) -> None:
        """``key`` may be empty (none is asked for); ``window`` in characters, 0 for no limit."""
        self.key, self.models, self.window = key, tuple(models), window
        self.models_delay = 0.0
        self.requests: list[Request] = []
        super().__init__(self.handler())
        self.left = threading.Event()  # a client hung up while this server kept it waiting
        self._replies: deque[Reply] = deque()

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the class that answers requests; another protocol has another one."""
        return _handler(self)

    def script(self, *replies: Reply) -> None:
        """Answer the next requests with these, one each."""
        self._replies.extend(replies)

    def next_reply(self) -> Reply:
        return self._replies.popleft() if self._replies else DEFAULT

    def wrong(self, request: Request) -> Reply | None:
        """Return the refusal of a request that a real server would refuse, else None."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.key and given != self.key:
            return _refusal(401, f"Incorrect API key provided: {given}.", "invalid_api_key")
        model = request.body.get("model")
        if model not in self.models:
            return _refusal(404, f"The model `{model}` does not exist", "model_not_found")
        if self.window and len(request.prompt) > self.window:
            words = f"This model's maximum context length is {self.window} tokens."
            return _refusal(400, words, "context_length_exceeded")
        return None


def _refusal(status: int, message: str, code: str) -> Reply:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return Reply(status=status, error={"error": error})


def _handler(server: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:
            server.closing.wait(server.models_delay)
            if server.key and self.headers.get("authorization", "") != f"Bearer {server.key}":
                self._send_json(401, {"error": {"message": "Incorrect API key provided"}}, {})
                return
            models = [{"id": name, "object": "model"} for name in server.models]
            self._send_json(200, {"object": "list", "data": models}, {})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {k.lower(): v for k, v in self.headers.items()}
            request = Request(headers, body, self.client_address[1])
            server.requests.append(request)
            reply = server.wrong(request) or server.next_reply()
            try:
                self._wait(reply.delay)
                if body.get("stream") or reply.error is not None:
                    self._reply(reply)
                else:
                    self._whole(reply)
            except OSError:
                self.close_connection = True

        def _reply(self, reply: Reply) -> None:
            if reply.error is not None:
                self._send_json(reply.status, reply.error, reply.headers)
                return
            self.send_response(reply.status)
            for name, value in {"content-type": reply.content_type, **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for piece in reply.pieces:
                if isinstance(piece, Cut):
                    self.close_connection = True
                    return
                if isinstance(piece, End):
                    self._chunk("")
                    return
                self._piece(piece)
            self._finish(reply)

        def _whole(self, reply: Reply) -> None:
            """Send all pieces as one JSON body; it is half a body where there is a `Cut`."""
            texts: dict[str, str] = {"content": ""}
            raw = ""
            for piece in reply.pieces:
                if isinstance(piece, Pause):
                    self._wait(piece.seconds)
                elif isinstance(piece, Raw):
                    raw += piece.text
                elif isinstance(piece, Thought):
                    texts[piece.field] = texts.get(piece.field, "") + piece.text
                elif isinstance(piece, str):
                    texts["content"] += piece
            if any(isinstance(piece, Cut) for piece in reply.pieces):
                self.send_response(200)
                self.send_header("content-length", "100")
                self.end_headers()
                self.wfile.write(b'{"id": ')
                self.close_connection = True
                return
            self._send_json(200, raw or self._completion(texts, reply), reply.headers)

        def _completion(self, texts: Mapping[str, str], reply: Reply) -> Any:
            message = {"role": "assistant", **texts, "refusal": reply.refusal or None}
            return {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1,
                "model": "fake",
                "choices": [{"index": 0, "message": message, "finish_reason": reply.finish}],
                "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
            }

        def _piece(self, piece: str | Thought | Pause | Raw) -> None:
            if isinstance(piece, Raw):
                self._chunk(piece.text)
            elif isinstance(piece, Pause):
                self._pause(piece)
            elif isinstance(piece, Thought):
                self._event({piece.field: piece.text})
            else:
                self._event({"content": piece})

        def _pause(self, pause: Pause) -> None:
            until = time.monotonic() + pause.seconds
            while time.monotonic() < until and not server.closing.is_set():
                self._wait(min(pause.beat or pause.seconds, until - time.monotonic()))
                if pause.beat:
                    self._chunk(": still here\n\n")

        def _wait(self, seconds: float) -> None:
            """Keep the client waiting; ends with an `OSError` as soon as it hangs up."""
            until = time.monotonic() + seconds
            while time.monotonic() < until and not server.closing.wait(0.02):
                readable, _, _ = select.select([self.connection], [], [], 0)
                if readable and not self.connection.recv(1, socket.MSG_PEEK):
                    server.left.set()
                    raise ConnectionResetError("the client hung up")

        def _finish(self, reply: Reply) -> None:
            if reply.refusal:
                self._event({"refusal": reply.refusal})
            self._event({}, finish=reply.finish)
            usage = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
            self._event(None, usage=usage)
            self._chunk("data: [DONE]\n\n")
            self._chunk("")

        def _event(self, delta: Any, finish: str | None = None, usage: Any = None) -> None:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            event = {
                "id": "chatcmpl-1",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": "fake",
                "choices": [] if delta is None else [choice],
                "usage": usage,
            }
            self._chunk(f"data: {json.dumps(event)}\n\n")

        def _chunk(self, text: str) -> None:
            data = text.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()

        def _send_json(self, status: int, body: Any, headers: Mapping[str, str]) -> None:
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            kind = "text/html" if isinstance(body, str) else "application/json"
            self.send_response(status)
            for name, value in {"content-type": kind, **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler
