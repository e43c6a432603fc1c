"""Requests as a hostile web site, a rebound name or a script would send them."""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

EVIL = "evil.example"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


def port_of(address: str) -> int:
    port = urlsplit(address).port
    assert port
    return port


def send(
    address: str,
    path: str = "/",
    method: str = "GET",
    body: bytes = b"",
    host: str = "",
    **headers: str,
) -> Reply:
    """Send one request with exactly these headers; ``x_y`` in a name stands for ``x-y``."""
    port = port_of(address)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", host or f"127.0.0.1:{port}")
    chunked = "Transfer_Encoding" in headers
    if body and not chunked:
        connection.putheader("Content-Length", str(len(body)))
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused before its end
        connection.endheaders([body] if chunked else body or None, encode_chunked=chunked)
    try:
        reply = connection.getresponse()
        return Reply(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
    finally:
        connection.close()


def handshake(address: str, path: str = "/_stcore/stream", host: str = "", origin: str = "") -> int:
    """Return the status of a WebSocket handshake: 101 if the server lets it in."""
    port = port_of(address)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host or f'127.0.0.1:{port}'}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        *([f"Origin: {origin}"] if origin else []),
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(wire.recv(4096).split()[1])


def assert_closed_to_others(address: str) -> None:
    """Attack a server by foreign names and origins, over HTTP and WebSocket."""
    port = port_of(address)
    own = f"http://127.0.0.1:{port}"
    assert send(address, "/_stcore/health").status == 200
    assert handshake(address, origin=own) == 101
    for host in (EVIL, f"{EVIL}:{port}", f"127.0.0.1.{EVIL}:{port}", f"{EVIL}@127.0.0.1:{port}"):
        assert send(address, "/", host=host).status == 403, host
        assert handshake(address, host=host, origin=f"http://{host}") == 403, host
    for origin in (
        f"http://{EVIL}",
        "null",
        f"http://127.0.0.1:{port + 1}",
        f"http://{EVIL}:{port}",
    ):
        reply = send(address, "/_stcore/health", Origin=origin)
        assert reply.status == 403, origin
        assert "access-control-allow-origin" not in reply.headers
        assert handshake(address, origin=origin) == 403, origin
