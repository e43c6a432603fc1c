"""Files that are there whole or not at all: written aside, forced to disk, renamed."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from rag.errors import LibraryError


class Summed:
    """A file being written that keeps the CRC-32 of what went through it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.checksum = 0

    def write(self, data: bytes | memoryview) -> int:
        """Write ``data``, as a file does."""
        self.checksum = zlib.crc32(data, self.checksum)
        return self._file.write(data)


def write_file(path: Path, write: Callable[[Summed], object]) -> int:
    """Put what ``write`` writes at ``path`` and return its CRC-32.

    A process killed in between leaves the old file, or none.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".tmp")
    with aside.open("wb") as file:
        summed = Summed(file)
        write(summed)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    _sync_folder(path.parent)
    return summed.checksum


def check_file(path: Path, checksum: int) -> None:
    """Raise `LibraryError` if ``path`` is not what `write_file` wrote with that CRC-32."""
    found = 0
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                found = zlib.crc32(block, found)
    except OSError as error:
        raise damaged(path, error.strerror) from error
    if found != checksum:
        raise damaged(path, "its checksum does not match")


def write_json(path: Path, content: Any) -> None:
    """Write ``content`` and its checksum, as `write_file` does."""
    checksum = zlib.crc32(_dumped(content))
    sealed = _dumped({"checksum": checksum, "content": content})
    write_file(path, lambda file: file.write(sealed))


def read_json(path: Path) -> Any:
    """Read what `write_json` wrote; raises `LibraryError` if it is damaged."""
    try:
        sealed = json.loads(path.read_bytes())
        whole = zlib.crc32(_dumped(sealed["content"])) == sealed["checksum"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(path, error) from error
    if not whole:
        raise damaged(path, "its checksum does not match")
    return sealed["content"]


def damaged(path: Path, why: object) -> LibraryError:
    """Return the error for a file of an index that cannot be read."""
    return LibraryError(
        f"the lexical index's file {path} is damaged ({why}); "
        "run `ranklens rebuild` to make the index again from the catalogue"
    )


def _dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there; the rename is durable by itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
