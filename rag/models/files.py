"""A model's files: JSON, and digests of large files."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rag.errors import ModelError

MEMORY = "digests.json"


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a model's JSON file; raises `ModelError` if there is none."""
    content = read_any_json(path)
    if not isinstance(content, dict):
        raise ModelError(f"{path}: not a JSON object")
    return content


def read_any_json(path: Path) -> Any:
    """Return what a model's JSON file holds; raises `ModelError` if it cannot be read."""
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ModelError(f"{path}: not valid JSON ({error})") from error


def read_optional(path: Path) -> dict[str, Any]:
    """Return what `read_json` does, {} if there is no such file."""
    return read_json(path) if path.is_file() else {}


def file_digest(path: Path, cache: Path) -> str:
    """Return the sha256 of a file (64 hex digits), computed again only if the file has changed.

    Digests are remembered in ``cache``, by size and modification time; a cache that cannot be
    written only costs time.
    """
    path = path.resolve()
    stat = path.stat()
    stamp = [stat.st_size, stat.st_mtime_ns]
    known = _remembered(cache / MEMORY)
    entry = known.get(str(path))
    if entry and entry[:2] == stamp:
        return str(entry[2])
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    known[str(path)] = [*stamp, digest]
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError), tempfile.TemporaryDirectory(dir=cache) as aside:
        (Path(aside) / MEMORY).write_text(json.dumps(known, indent=0))
        os.replace(Path(aside) / MEMORY, cache / MEMORY)  # a reader finds the old or the new
    return digest


def folder_digest(folder: Path, cache: Path) -> str:
    """Return 16 hexadecimal digits that name the weights in a folder, one file or many."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".safetensors", ".bin"))
    return digest_of(files, cache)


def digest_of(files: Iterable[Path], cache: Path) -> str:
    """Return 16 hexadecimal digits that name one file's bytes, or those of many in their order."""
    digests = [file_digest(path, cache) for path in files]
    if len(digests) == 1:
        return digests[0][:16]
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]


def _remembered(path: Path) -> dict[str, list[int | str]]:
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
