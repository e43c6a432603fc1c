"""The one library of a server's process: opened when it is first needed, closed once."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from rag.settings import Settings

if TYPE_CHECKING:
    from ranklens.library import Library


class OpenLibrary:
    """The library of this process. Page and API share it; `get` is safe from any thread."""

    def __init__(
        self, open_library: Callable[[], Library], settings: Callable[[], Settings]
    ) -> None:
        """``open_library`` opens it; ``settings`` returns those that hold while it is not open."""
        self._open = open_library
        self._settings = settings
        self._lock = threading.Lock()
        self._library: Library | None = None

    @property
    def settings(self) -> Settings:
        """The settings of the library."""
        return self._library.settings if self._library else self._settings()

    @property
    def if_open(self) -> Library | None:
        """The library, None if nobody has needed it yet."""
        return self._library

    def get(self) -> Library:
        """Return the library; raises `RanklensError` if it cannot be opened, and tries again."""
        with self._lock:
            if self._library is None:
                self._library = self._open()
                atexit.register(self._library.close)
            return self._library

    def close(self) -> None:
        """Close the library, if it is open: a signal ends a server without `atexit`."""
        with self._lock:
            library, self._library = self._library, None
            if library is not None:
                atexit.unregister(library.close)
                library.close()
