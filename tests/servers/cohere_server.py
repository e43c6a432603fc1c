"""A local server that speaks Cohere's chat (v2), with the scripted faults of `OpenAIServer`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.servers.openai_server import OpenAIServer, Reply, Request

_REASONS = {"stop": "COMPLETE", "length": "MAX_TOKENS", "content_filter": "ERROR_TOXIC"}


class CohereServer(OpenAIServer):
    """Serves ``/v2/chat`` and ``/v1/models``."""

    PATH = ""

    def wrong(self, request: Request) -> Reply | None:
        """Refuse in Cohere's words: a message, and no code."""
        refusal = super().wrong(request)
        if refusal is None:
            return None
        return Reply(status=refusal.status, error={"message": refusal.error["error"]["message"]})

    def handler(self) -> type[BaseHTTPRequestHandler]:
        server, base = self, super().handler()

        class Handler(base):
            def do_GET(self) -> None:
                server.closing.wait(server.models_delay)
                models = [{"name": name, "endpoints": ["chat"]} for name in server.models]
                if self.headers.get("authorization", "") != f"Bearer {server.key}":
                    self._send_json(401, {"message": "invalid api token"}, {})
                else:
                    self._send_json(200, {"models": models}, {})

            def _event(self, delta: Any, finish: str | None = None, usage: Any = None) -> None:
                if usage or delta is None:
                    return
                if finish:
                    tokens = {"input_tokens": 12, "output_tokens": 3}
                    ended = {"finish_reason": _REASONS[finish], "usage": {"tokens": tokens}}
                    self._send("message-end", ended)
                elif delta and "refusal" not in delta:
                    ((name, text),) = delta.items()
                    content = {"text" if name == "content" else "thinking": text}
                    self._send("content-delta", {"message": {"content": content}})

            def _completion(self, texts: Mapping[str, str], reply: Reply) -> Any:
                thoughts = "".join(text for name, text in texts.items() if name != "content")
                content = [{"type": "text", "text": texts["content"]}]
                if thoughts:
                    content.insert(0, {"type": "thinking", "thinking": thoughts})
                return {
                    "id": "1",
                    "finish_reason": _REASONS[reply.finish],
                    "message": {"role": "assistant", "content": content},
                    "usage": {"tokens": {"input_tokens": 12, "output_tokens": 3}},
                }

            def _send(self, kind: str, delta: Any) -> None:
                event = {"type": kind, "index": 0, "delta": delta}
                self._chunk(f"event: {kind}\ndata: {json.dumps(event)}\n\n")

        return Handler
