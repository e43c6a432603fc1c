"""Digests of large files, remembered by size and modification time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path

MEMORY = "digests.json"


def file_digest(path: Path, cache: Path) -> str:
    """Return the sha256 of a file (64 hex digits), hashing it only where it has changed.

    What was computed is remembered in ``cache``; a cache that cannot be written only costs time.
    """
    path = path.resolve()
    stat = path.stat()
    stamp = [stat.st_size, stat.st_mtime_ns]
    known = _read(cache / MEMORY)
    entry = known.get(str(path))
    if entry and entry[:2] == stamp:
        return str(entry[2])
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    known[str(path)] = [*stamp, digest]
    with contextlib.suppress(OSError):
        write_atomically(cache / MEMORY, json.dumps(known, indent=0).encode())
    return digest


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader finds the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _read(path: Path) -> dict[str, list[int | str]]:
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
