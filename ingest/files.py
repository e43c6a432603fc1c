"""The library's own copies of the files that were added, named by digest.

What a file was called is kept in the catalogue as text and never used as a path.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from rag.errors import DocumentError
from rag.store.private import FOLDER
from rag.store.room import CANNOT_WRITE, storage_error
from rag.text.regular import open_regular

PIECE = 1 << 20
_DIGEST = re.compile("[0-9a-f]{64}")


class Files:
    """A folder of files by their digest: the SHA-256 of their bytes, or one that rests on it.

    Unless it is ``shared``, what a process that was killed did not finish is deleted.
    """

    def __init__(self, folder: Path, shared: bool = False) -> None:
        self._folder, self._shared = folder, shared
        folder.mkdir(FOLDER, parents=True, exist_ok=True)
        for unfinished in () if shared else folder.glob("*.part"):
            unfinished.unlink(missing_ok=True)

    def sweep(self, known: Collection[str]) -> None:
        """Delete files whose digest is not ``known``: what a process that was killed left.

        Not in a shared folder: another process may be adding one just now.
        """
        for path in () if self._shared else self._folder.iterdir():
            if path.name not in known and _DIGEST.fullmatch(path.name):
                path.unlink(missing_ok=True)

    @contextmanager
    def waiting(self, data: IO[bytes]) -> Iterator[Path]:
        """Hold bytes in a file here, which is deleted afterwards or at the next start."""
        with tempfile.NamedTemporaryFile(suffix=".part", dir=self._folder) as copy:
            shutil.copyfileobj(data, copy)
            copy.flush()
            yield Path(copy.name)

    def path(self, digest: str) -> Path:
        """Return where the bytes with that digest are, or would be."""
        return self._folder / digest

    def keep(
        self, source: Path, limit_mb: int, digest_of: Callable[[str], str] | None = None
    ) -> tuple[str, int]:
        """Copy a file in and return its digest and size in bytes.

        ``digest_of`` returns the digest to use, given the SHA-256 of the bytes.

        Raises `DocumentError` if it cannot be read, is no regular file or is too large, and
        `StorageError` if the library's disk is full or read-only.
        """
        try:
            if source.is_dir():
                raise DocumentError("is a folder, not a file")
            with open_regular(source) as reader:
                size = os.fstat(reader.fileno()).st_size
                if size > limit_mb << 20:
                    raise DocumentError(
                        f"is {size / 2**20:,.0f} MB, more than the limit of {limit_mb} MB "
                        "(option max_file_mb)"
                    )
                return self._copy(reader, limit_mb, digest_of)
        except OSError as error:
            if error.errno in CANNOT_WRITE and (explained := storage_error(error)):
                raise explained from None
            raise DocumentError(f"cannot be read: {error.strerror or error}") from None

    def drop(self, digest: str) -> None:
        """Delete the bytes with that digest."""
        self.path(digest).unlink(missing_ok=True)

    def _copy(
        self, reader: BinaryIO, limit_mb: int, digest_of: Callable[[str], str] | None
    ) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(suffix=".part", dir=self._folder)
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as writer:
                while piece := reader.read(PIECE):
                    size += len(piece)
                    if size > limit_mb << 20:  # it grew, or its size is not known beforehand
                        raise DocumentError(
                            f"has more than {limit_mb} MB, which is the limit (option max_file_mb)"
                        )
                    digest.update(piece)
                    writer.write(piece)
            found = digest.hexdigest()
            found = digest_of(found) if digest_of else found
            shutil.move(part, self.path(found))
        finally:
            part.unlink(missing_ok=True)
        return found, size


def leads_outside(path: Path, folder: Path) -> bool:
    """Return whether a path below a folder is a link to what is not in that folder."""
    real = Path(os.path.realpath(path))
    return path.is_symlink() and not real.is_relative_to(os.path.realpath(folder))


def clean_name(name: str) -> str:
    """Return a name fit to be shown: NFC, one line, no control characters, at most 200 long."""
    shown = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", name))
    return " ".join(shown.replace("\\", "/").split())[-200:] or "unnamed"
