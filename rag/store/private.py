"""A library is its user's own: nobody else on the machine may read its folder or its files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FOLDER, FILE = 0o700, 0o600
_OTHERS = 0o077
# What the program keeps there; other files of the folder are not the program's to change.
_OWN = (
    "catalogue.sqlite*", "chroma", "lexical", "files", "evaluations", ".lock", ".reserve",
    "measured", "owner.json", "pipelines.*", "last-measured.*", "model-keys.json*",
)  # fmt: skip


def make_private(library: Path) -> None:
    """Take the rights of other users away from a library's folder and what is in it.

    What belongs to another user is left as it is. On Windows the user's own folders are private.
    """
    if os.name == "nt":
        return
    for path in (library, *_own(library)):
        with suppress(OSError):
            mode = path.lstat().st_mode
            if mode & _OTHERS and not stat.S_ISLNK(mode):
                path.chmod(FOLDER if stat.S_ISDIR(mode) else FILE)


def private(path: str, flags: int) -> int:
    """Open a file that only its owner may read: for ``open(…, opener=private)``."""
    return os.open(path, flags, FILE)


def _own(library: Path) -> Iterator[Path]:
    for pattern in _OWN:
        for path in library.glob(pattern):
            yield path
            if path.is_dir() and not path.is_symlink():
                yield from path.rglob("*")
