"""What a key below ``admin`` is not shown: folders of the server and addresses of its services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.settings import Settings
from rag.settings.addresses import without_login
from serve.access import below_mount
from serve.library import OpenLibrary
from serve.policy import Access

_TYPES = ("application/json", "application/problem+json", "text/event-stream")
_CONTENTS = ("/v1/text", "/v1/passages")  # text of documents, whose offsets must stay right

Replacement = tuple[re.Pattern[bytes], bytes]


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
        if below and not below_mount(scope).startswith(_CONTENTS):
            send = _Hiding(send, list(_replacements(self._opened.settings)))
        await self._app(scope, receive, send)


class _Hiding:
    """Passes on what is sent; the head of a reply waits for the first piece, for its length."""

    def __init__(self, send: Send, replacements: list[Replacement]) -> None:
        self._send = send
        self._replacements = replacements
        self._head: Message | None = None
        self._data = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = MutableHeaders(scope=message).get("content-type", "")
            self._data = kind.split(";")[0] in _TYPES
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


def _replacements(settings: Settings) -> Iterator[Replacement]:
    """Yield what is replaced by what, the longest first."""
    found: dict[str, str] = {}
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, str | Path) and value != field.default:
            for part in re.split(r"[>+,\s]", str(value)):
                found |= _hidden(part)
    for place in sorted(found, key=len, reverse=True):
        literal = re.escape(place.encode())
        if not found[place]:
            yield re.compile(b'"' + literal + b'/?"'), b'""'
        # Not within a longer path or address.
        pattern = re.compile(rb"(?<![\w/.:-])" + literal + rb"(?![\w-])")
        yield pattern, (found[place] or "address hidden").encode()


def _hidden(part: str) -> dict[str, str]:
    """Return the forms in which a part of an option's value may be shown, and what stands there."""
    if part.startswith(("http://", "https://")):
        plain = without_login(part)
        split = urlsplit(plain)
        origin = f"{split.scheme}://{split.netloc}"
        host = split.netloc if ":" in split.netloc else ""
        return {form: "" for form in (part, plain, plain.rstrip("/"), origin, host) if form}
    if part.startswith(("/", "./", "../", "~")) and Path(part).name:
        return {part: Path(part).name, str(Path(part).expanduser().absolute()): Path(part).name}
    return {}
