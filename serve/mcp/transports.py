"""The two ways to the server: a POST of HTTP, which is answered whole, and stdin and stdout."""

from __future__ import annotations

from typing import Any

import anyio
from fastapi import Response
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Message, Scope

from ranklens import Library
from serve.mcp.server import create


async def answer(library: Library, scope: Scope, body: bytes) -> Response:
    """Answer one request of streamable HTTP; it needs no session, so any process can answer.

    Host and origin are checked before (`serve.guard`), as for every route.
    """
    manager = StreamableHTTPSessionManager(create(library), json_response=True, stateless=True)
    waiting = [{"type": "http.request", "body": body, "more_body": False}]
    start: Message = {}
    pieces: list[bytes] = []

    async def receive() -> Message:
        if not waiting:
            await anyio.sleep_forever()  # whoever hangs up cancels this
        return waiting.pop()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            pieces.append(message.get("body", b""))

    async with manager.run():
        await manager.handle_request(scope, receive, send)
    reply = Response(b"".join(pieces), start["status"])
    reply.raw_headers = [*start["headers"]]
    return reply


def run_stdio(library: Library) -> None:
    """Serve over stdin and stdout until stdin ends; a signal to stop is a `KeyboardInterrupt`."""
    try:
        anyio.run(_serve_stdio, library)
    except BaseExceptionGroup as group:
        # A signal that comes while a task of the server runs is raised within its group.
        if group.subgroup(KeyboardInterrupt) is None:
            raise
        raise KeyboardInterrupt from None


async def _serve_stdio(library: Library) -> None:
    server: Any = create(library)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())
