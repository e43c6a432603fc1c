"""Files in the library's folder, under their keys."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from rag.store.files.protocol import PIECE, StoredFile, checked, missing
from rag.store.private import FOLDER
from rag.store.room import storage_error

UNFINISHED = ".part"


class FolderFiles:
    """`Files` in a folder; a file that is not written yet has a name of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.where = "the library folder"

    def put(self, key: str, source: Path, *, give: bool = False) -> None:
        """Keep the bytes of a file under a key."""
        target = self.place(key)
        try:
            target.parent.mkdir(FOLDER, parents=True, exist_ok=True)
            shutil.move(source if give else _copied(source, target.parent), target)
        except OSError as error:
            raise storage_error(error) or error from error

    def fetch(self, key: str, target: BinaryIO) -> None:
        """Write the bytes of a key into an empty file."""
        try:
            with self.place(key).open("rb") as source:
                shutil.copyfileobj(source, target, PIECE)
        except FileNotFoundError:
            raise missing(key) from None

    def place(self, key: str) -> Path:
        """Return where the file is, or would be."""
        return self._folder / checked(key)

    def stat(self, key: str) -> StoredFile | None:
        """Return what is kept under a key."""
        try:
            found = self.place(key).stat()
        except OSError:
            return None
        return StoredFile(key, found.st_size, found.st_mtime)

    def list(self, folder: str) -> Iterator[StoredFile]:
        """Return the files below a folder."""
        for path in (self._folder / checked(folder)).rglob("*"):
            key = path.relative_to(self._folder).as_posix()
            if path.is_file() and path.suffix != UNFINISHED and (found := self.stat(key)):
                yield found

    def delete(self, key: str) -> None:
        """Delete what is kept under a key."""
        self.place(key).unlink(missing_ok=True)


def _copied(source: Path, folder: Path) -> Path:
    handle, name = tempfile.mkstemp(suffix=UNFINISHED, dir=folder)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as writer, source.open("rb") as reader:
            shutil.copyfileobj(reader, writer, PIECE)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part
