"""What a key below ``admin`` is not shown: folders of the server and addresses of its services."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ranklens.hiding import Replacement, replacements
from serve.access import below_mount
from serve.library import OpenLibrary
from serve.policy import Access

_TYPES = ("application/json", "application/problem+json", "text/event-stream")
# Text of documents, whose offsets must stay right.
_CONTENTS = re.compile(r"/v1/(text|passages(/.*)?)", re.DOTALL)


class HiddenPlaces:
    """ASGI middleware: shows a folder by its last name and no address to keys below ``admin``.

    It works on what is sent (traces, lists, errors), so that no route can forget it.
    """

    def __init__(self, app: ASGIApp, opened: OpenLibrary) -> None:
        self._app = app
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        caller = scope.get("state", {}).get("caller")
        below = caller is not None and caller.scope is not None and caller.scope < Access.ADMIN
        if below:
            kinds = _TYPES[1:] if _CONTENTS.fullmatch(below_mount(scope)) else _TYPES
            send = _Hiding(send, list(replacements(self._opened.settings)), kinds)
        await self._app(scope, receive, send)


class _Hiding:
    """Passes on what is sent; the head of a reply waits for the first piece, for its length.

    ``kinds`` are the types of replies that are changed.
    """

    def __init__(self, send: Send, found: Sequence[Replacement], kinds: Sequence[str]) -> None:
        self._send = send
        self._replacements = found
        self._kinds = kinds
        self._head: Message | None = None
        self._data = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = MutableHeaders(scope=message).get("content-type", "")
            self._data = kind.split(";")[0] in self._kinds
            if self._data:
                self._head = message
                return
        elif message["type"] == "http.response.body" and self._data:
            body = message.get("body", b"")
            for place, shown in self._replacements:
                body = place.sub(shown.replace(b"\\", rb"\\"), body)
            message = {**message, "body": body}
            await self._send_head(len(body))
        await self._send(message)

    async def _send_head(self, length: int) -> None:
        if self._head is None:
            return
        headers = MutableHeaders(scope=self._head)
        if "content-length" in headers:
            headers["content-length"] = str(length)
        head, self._head = self._head, None
        await self._send(head)
