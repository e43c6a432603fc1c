"""A local server that speaks the protocols of rerank providers, faults on demand included.

    with RerankServer() as server:
        server.script(Fault(429, headers={"retry-after": "0.2"}))
        settings = Settings(jina_url=server.url + "/v1", jina_api_key=KEY)

`/v2/rerank` is Cohere's, `/v1/rerank` Jina's (and vLLM's, and Infinity's), `/voyage/rerank`
Voyage's and so on, `/rerank` that of Text Embeddings Inference, `/v1/chat/completions` a model that
ranks or rates as `tests.servers.ranking_model` does. A passage's score is the share of the query's
words that it holds. The key is checked as the real ones do, and every request is kept.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.servers.local import LocalServer, QuietHandler
from tests.servers.ranking_model import reply_to

KEY = "test-key-0123456789abcdef"
TEI_LIMIT = 32


@dataclass(frozen=True)
class Fault:
    """One scripted answer in place of the right one."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0  # seconds between bytes of the body
    cut: bool = False  # close the connection in the middle of the body


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


class RerankServer(LocalServer):
    """Serves on a free port of 127.0.0.1 while the context is open."""

    def __init__(self, key: str = KEY) -> None:
        super().__init__(_handler(self))
        self._lock = threading.Lock()
        self._busy = 0
        self.key = key
        self.requests: list[Request] = []
        self.reply = reply_to  # (messages) -> what the model writes
        self.busiest = 0
        self.always: Fault | None = None
        self._faults: deque[Fault] = deque()

    def script(self, *faults: Fault) -> None:
        """Answer the next requests with these, one each."""
        self._faults.extend(faults)

    def next_fault(self) -> Fault | None:
        with self._lock:
            return self._faults.popleft() if self._faults else self.always

    def entered(self, step: int) -> None:
        with self._lock:
            self._busy += step
            self.busiest = max(self.busiest, self._busy)


def overlap(query: str, text: str) -> float:
    """The share of the query's words that a text holds."""
    asked = set(re.findall(r"\w+", query.lower()))
    return len(asked & set(re.findall(r"\w+", text.lower()))) / max(1, len(asked))


def _best_first(query: str, texts: list[str], score: str) -> list[dict[str, Any]]:
    rows = [{"index": i, score: overlap(query, text)} for i, text in enumerate(texts)]
    return sorted(rows, key=lambda row: -row[score])


def _cohere(server: RerankServer, body: Mapping[str, Any]) -> tuple[int, Any]:
    if not all(isinstance(document, str) for document in body["documents"]):
        return 400, {"message": "invalid request: documents must be strings"}
    results = _best_first(body["query"], body["documents"], "relevance_score")
    units = -(-len(results) // 100)
    meta = {"api_version": {"version": "2"}, "billed_units": {"search_units": units}}
    return 200, {"id": "0", "results": results, "meta": meta}


def _jina(server: RerankServer, body: Mapping[str, Any]) -> tuple[int, Any]:
    results = _best_first(body["query"], body["documents"], "relevance_score")
    words = sum(len(text.split()) for text in body["documents"])
    return 200, {"model": body.get("model"), "results": results, "usage": {"total_tokens": words}}


def _voyage(server: RerankServer, body: Mapping[str, Any]) -> tuple[int, Any]:
    data = _best_first(body["query"], body["documents"], "relevance_score")
    words = sum(len(text.split()) for text in body["documents"])
    usage = {"total_tokens": words}
    return 200, {"object": "list", "data": data, "model": body["model"], "usage": usage}


def _mixedbread(server: RerankServer, body: Mapping[str, Any]) -> tuple[int, Any]:
    data = _best_first(body["query"], body["input"], "score")[: body.get("top_k", 10)]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    return 200, {"object": "list", "data": data, "model": body["model"], "usage": usage}


def _nvidia(server: RerankServer, body: Mapping[str, Any]) -> tuple[int, Any]:
    texts = [passage["text"] for passage in body["passages"]]
    return 200, {"rankings": _best_first(body["query"]["text"], texts, "logit")}


def _zeroentropy(server: RerankServer, body: Mapping[str, Any]) -> tuple[int, Any]:
    return 200, {"results": _best_first(body["query"], body["documents"], "relevance_score")}


def _tei(server: RerankServer, body: Mapping[str, Any]) -> tuple[int, Any]:
    if len(body["texts"]) > TEI_LIMIT:
        error = f"batch size {len(body['texts'])} > maximum allowed batch size {TEI_LIMIT}"
        return 422, {"error": error, "error_type": "Validation"}
    return 200, _best_first(body["query"], body["texts"], "score")


def _chat(server: RerankServer, body: Mapping[str, Any]) -> tuple[int, Any]:
    written = server.reply(body["messages"])
    message = {"role": "assistant", "content": written, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    answer = {"id": "c", "object": "chat.completion", "created": 1, "model": body["model"]}
    return 200, {**answer, "choices": [choice], "usage": usage}


ROUTES: dict[str, Callable[[RerankServer, Mapping[str, Any]], tuple[int, Any]]] = {
    "/v2/rerank": _cohere,
    "/v1/rerank": _jina,
    "/jina/rerank": _jina,
    "/voyage/rerank": _voyage,
    "/contextual/rerank": _zeroentropy,
    "/zeroentropy/models/rerank": _zeroentropy,
    "/mixedbread/reranking": _mixedbread,
    "/nvidia/ranking": _nvidia,
    "/nvidia/retrieval/nvidia/llama-3_2-nv-rerankqa-1b-v2/reranking": _nvidia,
    "/rerank": _tei,
    "/v1/chat/completions": _chat,
}


def _handler(server: RerankServer) -> type[BaseHTTPRequestHandler]:
    class Handler(QuietHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.requests.append(Request(self.path, headers, body))
            server.entered(1)
            try:
                self._answer(body, headers.get("authorization", ""))
            except OSError:
                self.close_connection = True
            finally:
                server.entered(-1)

        def _answer(self, body: Mapping[str, Any], authorization: str) -> None:
            if server.key and authorization != f"Bearer {server.key}":
                given = authorization.removeprefix("Bearer ")
                self._send(Fault(401, {"message": f"invalid api token {given}"}))
                return
            fault = server.next_fault() or Fault()
            server.closing.wait(fault.delay)
            if fault.status == 200 and fault.body is None:
                status, answer = ROUTES[self.path](server, body)
                fault = Fault(status, answer, drip=fault.drip, cut=fault.cut)
            self._send(fault)

        def _send(self, fault: Fault) -> None:
            text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
            data = text.encode()
            kind = "text/html" if isinstance(fault.body, str) else "application/json"
            self.send_response(fault.status)
            for name, value in {"content-type": kind, **fault.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            if fault.cut:
                self.wfile.write(data[: len(data) // 2])
                self.close_connection = True
            elif fault.drip:
                for byte in data:
                    if server.closing.wait(fault.drip):
                        return
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
            else:
                self.wfile.write(data)

    return Handler
