"""HTTP connections that can be cut at once, from any thread.

Closing a client or a response does not wake the thread that reads from it, and the server learns of
it only when that thread returns: with a model that is still reading its prompt, minutes later.
Shutting the socket down ends both at once.
"""

from __future__ import annotations

import functools
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import httpx

from rag.llm.faults import Endpoint, UnreadableReply


class Wire:
    """Watches the connections of the HTTP client that is created with its `options`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.is_cut = False

    def options(self, endpoint: Endpoint) -> dict[str, Any]:
        """Return what the HTTP client (httpx's, or one like it) is created with.

        No redirect is followed: passages and keys are for the address that was set, and for no
        other one that it names. A reply is read up to the endpoint's limit, and uncompressed, since
        a few bytes can unpack to gigabytes.
        """
        return {
            "auth": endpoint.login,
            "event_hooks": {
                "request": [self._watch],
                "response": [functools.partial(_check, endpoint.most * 1_000_000)],
            },
            "follow_redirects": False,
            "headers": {"accept-encoding": "identity"},
            "verify": certificates(endpoint.url),
        }

    def hang_up(self) -> None:
        """End every connection, and those to come; a thread that waits on one gets an error."""
        with self._lock:
            self.is_cut = True
            for one in self._sockets:
                _shut(one)
            self._sockets.clear()

    def _watch(self, request: httpx.Request) -> None:
        request.extensions = {**request.extensions, "trace": self._note}

    def _note(self, event: str, info: Mapping[str, Any]) -> None:
        """Keep the socket of a connection as it is opened, plain or encrypted."""
        extra: Any = getattr(info.get("return_value"), "get_extra_info", None)
        if extra is None:
            return
        opened: socket.socket | None = extra("socket")
        with self._lock:
            if self.is_cut:
                _shut(opened)
            elif opened is not None:
                still_open = [one for one in self._sockets if one.fileno() >= 0]
                self._sockets = [*still_open, opened]


def _check(most: int, response: Any) -> None:
    """Refuse a web page and a compressed reply; let the body end with an error after ``most``."""
    if response.is_success and response.headers.get("content-type", "").startswith("text/html"):
        raise UnreadableReply("web page")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise UnreadableReply("protocol")
    kinds = type(response.stream).__mro__
    # The clients bring two HTTP libraries, and each accepts streams of its own kind only.
    kind = next(kind for kind in kinds if kind.__name__ == "SyncByteStream")
    response.stream = _bounded(kind)(response.stream, most)


@functools.cache
def _bounded(kind: type) -> Any:
    """Return a class of streams that stop with `UnreadableReply` after so many bytes."""

    class Bounded(kind):  # type: ignore[misc]
        def __init__(self, stream: Any, most: int) -> None:
            self._stream, self._left = stream, most

        def __iter__(self) -> Iterator[bytes]:
            for piece in self._stream:
                self._left -= len(piece)
                if self._left < 0:
                    raise UnreadableReply("too much")
                yield piece

        def close(self) -> None:
            self._stream.close()

    return Bounded


def certificates(url: str) -> ssl.SSLContext | bool:
    """Return how to verify a server: certificates take 40 ms to load, and plain HTTP needs none."""
    return False if url.startswith("http:") else _context()


@functools.cache
def _context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _shut(one: socket.socket | None) -> None:
    with suppress(OSError):  # it may be closed already
        if one is not None:
            one.shutdown(socket.SHUT_RDWR)
