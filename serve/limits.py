"""How large a request's body may be, whatever kind of route reads it."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.access import below_mount
from serve.library import OpenLibrary
from serve.policy import rule_of
from serve.problems import problem

FORM_KB = 64  # what a form takes besides its files
DIGITS = 18  # no body's size has more; Python does not convert endless ones


class BodyLimit:
    """ASGI middleware: a body ends at `api_body_kb`, one with files at `max_file_mb`."""

    def __init__(self, app: ASGIApp, opened: OpenLibrary) -> None:
        self._app = app
        settings = opened.settings
        self._body = (settings.api_body_kb << 10, "option api_body_kb")
        self._files = ((settings.max_file_mb << 20) + (FORM_KB << 10), "option max_file_mb")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; one that announces too much gets 413 at once."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        files = rule_of(scope["method"], below_mount(scope)).files
        limit, option = self._files if files else self._body
        reason = f"The body is larger than {limit:,} bytes ({option})."
        size = 0

        async def receive_limited() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                raise HTTPException(413, reason)
            return message

        announced = Headers(scope=scope).get("content-length", "").lstrip("0")
        if announced.isdecimal() and (len(announced) > DIGITS or int(announced) > limit):
            await problem(413, reason)(scope, receive, send)
        else:
            await self._app(scope, receive_limited, send)
