"""Files that are there whole or not at all: written aside, forced to disk, renamed."""

from __future__ import annotations

import json
import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag.errors import LibraryError
from rag.store.private import private
from rag.store.room import storage_error


def write_file(path: Path, content: bytes) -> int:
    """Put ``content`` at ``path`` and return its CRC-32.

    A process killed in between leaves the old file, or none. Raises `StorageError` if the disk is
    full or cannot be written.
    """
    aside = path.with_name(path.name + ".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(aside, "wb", opener=private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        raise storage_error(error) or error from error
    if os.name != "nt":  # folders cannot be opened there; the rename is durable by itself
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return zlib.crc32(content)


def read_file(path: Path, checksum: int) -> bytes:
    """Read what `write_file` wrote with that CRC-32; raises `LibraryError` if it is damaged."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise damaged(path, error.strerror) from error
    if zlib.crc32(content) != checksum:
        raise damaged(path, "its checksum does not match")
    return content


def write_json(path: Path, content: Any) -> None:
    """Write ``content`` and its checksum, as `write_file` does."""
    write_file(path, _dumped({"checksum": zlib.crc32(_dumped(content)), "content": content}))


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
