"""How a reply goes out: in pieces, as fast as its caller takes them, within a bound on time."""

from __future__ import annotations

import logging
import time

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.library import OpenLibrary

log = logging.getLogger("ranklens.api")

PIECE = 1 << 16  # bytes; the server holds about two for each connection
SLOWEST = 1 << 16  # bytes a second that a caller must take in the long run


class Delivery:
    """ASGI middleware: sends bodies in pieces, and gives up on a caller that does not take them.

    The server waits between pieces, so a reply's turn and memory are held until all but the last
    piece is taken. A caller may keep it waiting for `api_reply_seconds`; each `SLOWEST` bytes that
    it takes give a second of them back. Time in which nothing is sent (a stream at rest) does not
    count.
    """

    def __init__(self, app: ASGIApp, opened: OpenLibrary) -> None:
        self._app = app
        self._seconds = opened.settings.api_reply_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        left, late = self._seconds, False

        async def send_in_time(message: Message) -> None:
            nonlocal left, late
            started = time.monotonic()
            try:
                with anyio.fail_after(max(0.0, left)):
                    await send(message)
            except TimeoutError:
                late = True
                raise
            taken = len(message.get("body", b"")) / SLOWEST
            left = min(self._seconds, left - (time.monotonic() - started) + taken)

        async def send_in_pieces(message: Message) -> None:
            body = message.get("body", b"")
            if message["type"] != "http.response.body" or len(body) <= PIECE:
                await send_in_time(message)
                return
            for start in range(0, len(body), PIECE):
                piece = memoryview(body)[start : start + PIECE]
                await send_in_time({**message, "body": bytes(piece), "more_body": True})
            if not message.get("more_body", False):
                await send_in_time({**message, "body": b"", "more_body": False})

        try:
            await self._app(scope, receive, send_in_pieces)
        except Exception:
            if not late:
                raise
            # The server closes a connection whose reply is not complete.
            log.warning("a caller did not take its reply in time (option api_reply_seconds)")
