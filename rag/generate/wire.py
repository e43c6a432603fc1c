"""An HTTP connection that can be cut at once, from any thread.

Closing a client or a response does not wake the thread that reads from it, and the server learns of
it only when that thread returns: with a model that is still reading its prompt, minutes later.
Shutting the socket down ends both at once.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx


class Wire:
    """Watches the connections of an `httpx.Client` whose ``event_hooks`` are `hooks`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_cut = False

    @property
    def hooks(self) -> dict[str, list[Any]]:
        """What the client is to call before each request."""
        return {"request": [self._watch]}

    def cut(self) -> None:
        """End every connection, and those to come."""
        self._is_cut = True
        self.hang_up()

    def hang_up(self) -> None:
        """End every connection; the thread that waits on one gets an `httpx.HTTPError`."""
        with self._lock:
            for one in self._sockets:
                _shut(one)
            self._sockets.clear()

    def _watch(self, request: httpx.Request) -> None:
        request.extensions = {**request.extensions, "trace": self._note}

    def _note(self, event: str, told: Mapping[str, Any]) -> None:
        """Keep the socket of a connection as it is made, plain or encrypted."""
        ask: Any = getattr(told.get("return_value"), "get_extra_info", None)
        if ask is None:
            return
        made: socket.socket | None = ask("socket")
        with self._lock:
            if self._is_cut:
                _shut(made)
            elif made is not None:
                self._sockets.append(made)


def _shut(one: socket.socket | None) -> None:
    with suppress(OSError):  # it may be closed already
        if one is not None:
            one.shutdown(socket.SHUT_RDWR)
