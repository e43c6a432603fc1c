"""Files of a library by their keys, wherever they are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from rag.errors import LibraryError, NotThere

PIECE = 1 << 20  # bytes that are held in memory at once
MOST_PARTS = 4
# No part begins with a dot, so none leads out of a folder and none is a hidden file.
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,119}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is kept: ``size`` in bytes, ``changed`` in seconds since 1970."""

    key: str
    size: int
    changed: float


class Files(Protocol):
    """Files by key. Keys are names in parts (``files/DIGEST``), checked by `checked`.

    Every method raises `FilesUnavailable` if where they are kept cannot be reached, and
    `LibraryError` for a key that is none.
    """

    where: str
    """Where they are kept, in words without keys."""

    def put(self, key: str, source: Path, *, give: bool = False) -> None:
        """Keep the bytes of a file under a key, all or nothing, in place of what was there.

        ``give``: the file is not needed any more and may be moved. Raises `StorageError` if there
        is no room, and `DocumentError` if it is too large for where files are kept.
        """
        ...

    def fetch(self, key: str, target: BinaryIO) -> None:
        """Write the bytes of a key into an empty file.

        Raises `NotThere`, and `LibraryError` if they are not the ones that were put there.
        """
        ...

    def place(self, key: str) -> Path | None:
        """Return where the file is, or would be, on this machine; None if it is kept elsewhere."""
        ...

    def stat(self, key: str) -> StoredFile | None:
        """Return what is kept under a key, None if nothing is."""
        ...

    def list(self, folder: str) -> Iterator[StoredFile]:
        """Return the files whose keys begin with ``folder/``, in no order."""
        ...

    def delete(self, key: str) -> None:
        """Delete what is kept under a key, if anything is."""
        ...


def checked(key: str) -> str:
    """Return a key as it is; raises `LibraryError` if it is none."""
    parts = key.split("/")
    if len(parts) > MOST_PARTS or not all(_PART.fullmatch(part) for part in parts):
        raise LibraryError(f"a file cannot be kept under the name {key[:200]!r}")
    return key


def damaged(key: str, where: str) -> LibraryError:
    """Return the error for a file whose bytes are not those that were put there."""
    return LibraryError(f"the file {key} in {where} is not the one that was put there")


def missing(key: str) -> NotThere:
    """Return the error for a key that nothing is kept under."""
    return NotThere(f"the library has no file {key}")
