"""Local copies of files that are kept elsewhere, for what needs a path."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import cache
from pathlib import Path

from rag.store.files.folder import UNFINISHED
from rag.store.files.protocol import Files
from rag.store.private import FOLDER
from rag.store.room import storage_error

IN_USE = 3600.0  # seconds: a copy that somebody asked for may be read for so long
_DIGEST = re.compile("[0-9a-f]{64}")


class Copies:
    """A folder of copies by digest, the least recently used deleted first.

    Several processes of a machine may share it.
    """

    def __init__(self, files: Files, folder: Path, limit_mb: int) -> None:
        """``limit_mb`` is the size of all; what was asked for within the hour stays anyway."""
        self._files, self.folder, self._limit = files, folder, limit_mb << 20

    def path(self, key: str, digest: str) -> Path:
        """Return a file with the bytes of a key, as `Files.fetch` gets them.

        ``digest`` names the copy: under a key and a digest there are always the same bytes.
        """
        if place := self._files.place(key):
            return place
        copy = self.folder / digest
        try:
            os.utime(copy)
        except FileNotFoundError:
            self._make(key, digest, copy)
        return copy

    def drop(self, digest: str) -> None:
        """Delete a copy."""
        (self.folder / digest).unlink(missing_ok=True)

    def _make(self, key: str, digest: str, copy: Path) -> None:
        try:
            self.folder.mkdir(FOLDER, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(suffix=UNFINISHED, dir=self.folder)
            part = Path(name)
            try:
                with os.fdopen(handle, "wb") as target:
                    self._files.fetch(key, target)
                part.replace(copy)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(error) or error from error
        self._trim()

    def keep_only(self, known: Callable[[], Collection[str]]) -> None:
        """Delete copies of what is not ``known`` any more, and what a killed process left.

        It is asked for once at most: if there is a copy that nobody has used lately.
        """
        ask = cache(known)
        self._delete(lambda path, _: path.name not in ask())

    def _trim(self) -> None:
        with suppress(FileNotFoundError):  # another process trims too
            over = sum(path.stat().st_size for path in self._all()) - self._limit

            def is_over(_: Path, size: int) -> bool:
                nonlocal over
                over -= size
                return over + size > 0

            self._delete(is_over)

    def _delete(self, goes: Callable[[Path, int], bool]) -> None:
        """Delete copies that nobody has asked for within the hour, the oldest first."""
        now = time.time()
        with suppress(FileNotFoundError):
            for path in sorted(self._all(), key=lambda path: path.stat().st_mtime):
                found = path.stat()
                if now - found.st_mtime > IN_USE and goes(path, found.st_size):
                    path.unlink(missing_ok=True)

    def _all(self) -> list[Path]:
        held = self.folder.iterdir() if self.folder.is_dir() else ()
        return [p for p in held if _DIGEST.fullmatch(p.name) or p.suffix == UNFINISHED]


def read(files: Files, key: str) -> bytes:
    """Return all bytes of a file that is small; raises `NotThere`."""
    with tempfile.TemporaryFile() as target:
        files.fetch(key, target)
        target.seek(0)
        return target.read()
