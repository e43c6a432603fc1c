"""What holds for every request: its id, a line in the log, and an answer if something broke."""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.problems import problem
from serve.stopping import Stopping

log = logging.getLogger("ranklens.api")

ID = "X-Request-ID"
_AGAIN = {"Retry-After": "5", "Connection": "close"}
_GIVEN = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_SECRET = re.compile(r"(/v1/shared/)[^/]+")


class Requests:
    """ASGI middleware: gives each request an id, logs how it ended, and answers what broke."""

    def __init__(self, app: ASGIApp, stopping: Stopping) -> None:
        self._app = app
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(ID, "")
        request_id = given if _GIVEN.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[ID] = request_id
            await send(message)

        if self._stopping.begun():
            gone = problem(503, "The server is stopping; try again soon.", headers=_AGAIN)
            await gone(scope, receive, send_with_id)
            return
        try:
            with self._stopping.running():
                await self._app(scope, receive, send_with_id)
        except Exception:  # the outermost frame: nothing may reach the caller as a stack trace
            log.exception("request %s failed", request_id)
            if status:  # too late for a problem: the connection is cut
                raise
            detail = f"Unexpected error. Details are in the server log, request {request_id}."
            await problem(500, detail)(scope, receive, send_with_id)
        finally:
            ms = 1000 * (time.perf_counter() - started)
            path = _SECRET.sub(r"\1(hidden)", scope["path"]).encode("unicode_escape").decode()
            log.info("%s %s %d %.0f ms %s", scope["method"], path, status, ms, request_id)
