"""A local server that speaks the model hub's protocol, as `huggingface_hub` asks it.

    with HubServer({"tiny/model": {"config.json": b"{}", "model.safetensors": b"..."}}) as hub:
        ...  # with HF_ENDPOINT at hub.url

``faults`` maps a path's ending to what happens there instead: a status, or ``"hang"`` (accepts
and never answers), ``"stall"`` (half the file, then nothing), ``"slow"`` (ten pieces, 0.1 s apart).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

from tests.servers.local import LocalServer, QuietHandler

COMMIT = "c" * 40
Models = Mapping[str, Mapping[str, bytes]]


class HubServer(LocalServer):
    """Serves on a free port of 127.0.0.1 while the context is open."""

    def __init__(self, models: Models, faults: Mapping[str, int | str] | None = None) -> None:
        self.models, self.faults = models, dict(faults or {})
        self.fetched: list[str] = []
        super().__init__(_handler(self))


def _handler(server: HubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(QuietHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path).strip("/")
            fault = next((f for end, f in server.faults.items() if path.endswith(end)), None)
            try:
                if fault == "hang":
                    server.closing.wait(60)
                    self.close_connection = True
                elif isinstance(fault, int):
                    self._send(b"{}", status=fault)
                elif path.startswith("api/models/"):
                    self._info(path.removeprefix("api/models/").split("/revision/")[0])
                else:
                    self._file(path, fault)
            except OSError:
                self.close_connection = True

        def _info(self, name: str) -> None:
            if name not in server.models:
                error = {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}
                self._send(b"{}", error, 404)
                return
            files = server.models[name]
            siblings = [{"rfilename": file, "size": len(body)} for file, body in files.items()]
            answer = {"id": name, "modelId": name, "sha": COMMIT, "siblings": siblings}
            self._send(json.dumps(answer).encode(), {"content-type": "application/json"})

        def _file(self, path: str, fault: object) -> None:
            name, _, rest = path.partition("/resolve/")
            file = rest.partition("/")[2]
            body = server.models.get(name, {}).get(file)
            if body is None:
                self._send(b"", {"X-Error-Code": "EntryNotFound"}, 404)
                return
            etag = hashlib.sha256(body).hexdigest()
            headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
            if self.command == "GET":
                server.fetched.append(file)
            self._send(body, headers, fault=fault)

        def _send(
            self,
            body: bytes,
            headers: Mapping[str, str] | None = None,
            status: int = 200,
            fault: object = None,
        ) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command == "HEAD":
                return
            if fault == "stall":
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                server.closing.wait(60)
                self.close_connection = True
                return
            step = max(1, len(body) // 10) if fault == "slow" else max(1, len(body))
            for start in range(0, len(body), step):
                self.wfile.write(body[start : start + step])
                self.wfile.flush()
                if fault == "slow":
                    server.closing.wait(0.1)

    return Handler
