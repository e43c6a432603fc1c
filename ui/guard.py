"""What the page's server lets in, and the headers of what it sends: the one policy for every route.

A web site that somebody visits can send requests to this machine. Its requests name their origin;
if the site rebinds its own name to 127.0.0.1, they name a foreign host. Both are refused, for HTTP
and WebSocket alike, before Streamlit sees them.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

OWN_NAMES = ("127.0.0.1", "localhost")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class Guard:
    """ASGI middleware: refuses what is not from the page itself, and adds headers to the rest."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        """Guard ``app``, which answers to ``hosts`` besides this machine's own names."""
        self._app = app
        self._hosts = frozenset({*OWN_NAMES, *hosts})
        self._headers = response_headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        reason = refusal(scope, self._hosts)
        if not reason:
            await self._app(scope, receive, send_with_headers)
        elif scope["type"] == "websocket":
            await WebSocketClose(1008, reason)(scope, receive, send)
        else:
            await PlainTextResponse(reason, 403)(scope, receive, send_with_headers)


def refusal(scope: Scope, hosts: frozenset[str]) -> str:
    """Return why a request is refused, or nothing.

    ``hosts`` are the names that the page answers to, in lower case, without ports.
    """
    headers = Headers(scope=scope)
    names, origins = headers.getlist("host"), headers.getlist("origin")
    match = _HOST.fullmatch(names[0].lower()) if len(names) == 1 else None
    if match is None or match[1].rstrip(".") not in hosts:
        return "This page does not answer to that host name (option page_hosts)."
    if any(urlsplit(origin).netloc.lower() != match[0] for origin in origins):
        return "This request comes from another web site."
    if _from_elsewhere(scope, headers):
        return "Another web site asked for this."
    return ""


def _from_elsewhere(scope: Scope, headers: Headers) -> bool:
    """Return whether the browser says that another site asks; following a link to here is fine."""
    if headers.get("sec-fetch-site") not in ("cross-site", "same-site"):
        return False
    opened = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return scope.get("method") != "GET" or opened != ("navigate", "document")


def response_headers() -> dict[str, str]:
    """Return the headers of every response."""
    return {
        "Content-Security-Policy": _content_policy(),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }


def _content_policy() -> str:
    """Return what a page from here may load and run: only what this server sends.

    Streamlit's components bring their styles inline, their scripts as blobs and a font as data; its
    start page has one script inline, which is named by its digest.
    """
    start = Path(streamlit.__file__).parent / "static" / "index.html"
    inline = " ".join(map(_digest, _INLINE.findall(start.read_text("utf-8"))))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {inline} blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "frame-src 'none'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _digest(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
