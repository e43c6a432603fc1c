"""Transactions that change documents, counted, so that what is kept of them is read again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine


class Changing:
    """Counts the changes of documents by this object."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._counting = threading.Lock()
        self.changes = 0
        self.outside: Callable[[], int] = int
        """A number that grows with the changes of other processes; a store on a server sets it."""

    @contextmanager
    def changing_documents(self) -> Iterator[Connection]:
        """Open a transaction that changes documents or what is kept of them."""
        try:
            with self._engine.begin() as db:
                yield db
        finally:
            with self._counting:
                self.changes += 1
