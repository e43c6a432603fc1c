"""A network that can be cut: passes TCP connections on to a port, and holds everything for a while.

with Proxy(port) as proxy:
    proxy.cut()   # nothing arrives any more, in neither direction; nobody hears of it
    proxy.mend()  # what was held arrives
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self

PIECE = 1 << 16


class Proxy:
    """``port`` is where to connect to."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._passes = threading.Event()
        self._passes.set()
        self._sockets: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._passes.set()
        for one in (self._listening, *self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def cut(self) -> None:
        """Hold everything from now on."""
        self._passes.clear()

    def mend(self) -> None:
        """Pass on what was held, and what follows."""
        self._passes.set()

    def through(self, url: str) -> str:
        """Return a database's URL by way of this proxy."""
        return url.replace(f":{self._target}/", f":{self.port}/")

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client = self._listening.accept()[0]
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        self._passes.wait()
        with suppress(OSError):
            server = socket.create_connection(("127.0.0.1", self._target))
            self._sockets += [client, server]
            threading.Thread(target=self._pump, args=(client, server), daemon=True).start()
            self._pump(server, client)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(PIECE):
                self._passes.wait()
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
