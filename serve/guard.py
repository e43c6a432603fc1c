"""What the server lets in, and the headers of what it sends: the first check of every route.

A web site that somebody visits can send requests to this machine. Its requests name their origin;
if the site rebinds its own name to 127.0.0.1, they name a foreign host. Both are refused, for HTTP
and WebSocket alike, before the page or the API sees them. Programs send no origin.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from serve.problems import problem

API = "/api"
PROBES = (f"{API}/health", f"{API}/ready")
OWN_NAMES = ("127.0.0.1", "localhost")
LOOPBACK = frozenset({*OWN_NAMES, "[::1]"})  # how programs on this machine name it
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; frame-src 'none'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")


class Guard:
    """ASGI middleware: refuses what comes from other web sites, and adds headers to the rest."""

    def __init__(
        self, app: ASGIApp, hosts: Iterable[str] = (), headers: Mapping[str, str] = HEADERS
    ) -> None:
        """Guard ``app``, which answers to ``hosts`` besides this machine's own names."""
        self._app = app
        self._hosts = LOOPBACK.union(hosts)
        self._headers = headers

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
        elif scope["path"].startswith(f"{API}/"):
            await problem(403, reason)(scope, receive, send_with_headers)
        else:
            await PlainTextResponse(reason, 403)(scope, receive, send_with_headers)


def refusal(scope: Scope, hosts: frozenset[str]) -> str:
    """Return why a request is refused, or nothing.

    ``hosts`` are the names that the server answers to, in lower case, without ports.
    """
    headers = Headers(scope=scope)
    names, origins = headers.getlist("host"), headers.getlist("origin")
    if len(names) != 1 or not _answered(host_of(names[0]), hosts, scope):
        return "This server does not answer to that host name (option page_hosts)."
    if any(urlsplit(origin).netloc.lower() != names[0].lower() for origin in origins):
        return "This request comes from another web site."
    if _from_elsewhere(scope, headers):
        return "Another web site asked for this."
    return ""


def host_of(header: str) -> str:
    """Return the name in a Host header, in lower case and without port; "" if it is malformed."""
    match = _HOST.fullmatch(header.lower())
    return match[1].rstrip(".") if match else ""


def name_of(address: str) -> str:
    """Return what a Host header names an address of this machine, such as ``[::1]``."""
    return f"[{address}]".lower() if ":" in address else address.lower()


def _answered(name: str, hosts: frozenset[str], scope: Scope) -> bool:
    """Return whether the server answers to a name.

    Monitors and orchestrators ask for its health by its address. No web site can have that name, so
    none learns it.
    """
    if name in hosts or scope.get("path") not in PROBES:
        return name in hosts
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _from_elsewhere(scope: Scope, headers: Headers) -> bool:
    """Return whether the browser says that another site asks; following a link to here is fine."""
    if headers.get("sec-fetch-site") not in ("cross-site", "same-site"):
        return False
    opened = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return scope.get("method") != "GET" or opened != ("navigate", "document")
