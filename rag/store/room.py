"""Room on the library's disk: what is kept free, and errors that mean that there is none.

A full disk is a state, not an end: indexing stops while there is still room to remove something,
and goes on when there is more. If another program fills the disk, a small reserve is given up so
that documents can still be removed.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from rag.errors import StorageError
from rag.store.private import private

RESERVE = 4 << 20  # bytes: removes any document from view, and its chunks in small steps
NEXT_TO_NOTHING = 4 << 20
_NAME = ".reserve"
_PIECE = 1 << 20

_FULL = (
    "the disk of the library folder is full; free some room, or remove documents (`ranklens "
    "remove NAME`), and try again"
)
_READ_ONLY = (
    "the library folder cannot be written: it is read-only, or this user may not write in it; "
    "change that, or choose another folder with --library"
)
_FAULTY = (
    "the disk of the library folder is full or faulty; free some room, and check the disk if that "
    "does not help"
)
_OF_NUMBER = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
    errno.EIO: _FAULTY,
}
# These come from writing only, never from reading a file that is to be copied.
CANNOT_WRITE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
# What SQLite, and Chroma around it, say in such a case.
_OF_WORDS = {
    "disk is full": _FULL,
    "no space left": _FULL,
    "quota exceeded": _FULL,
    "file too large": _FULL,
    "readonly database": _READ_ONLY,
    "read-only file system": _READ_ONLY,
    "permission denied": _READ_ONLY,
    "disk i/o error": _FAULTY,
}


def storage_error(error: BaseException, folder: Path | None = None) -> StorageError | None:
    """Return the error in words if the disk is its reason, None if something else is.

    With ``folder`` the reason is the disk also if next to nothing is free there: some of Chroma's
    errors do not name it.
    """
    number = getattr(error, "errno", None)
    words = _OF_NUMBER.get(number) if isinstance(number, int) else None
    if words is None:
        text = str(error).lower()
        words = next((words for sign, words in _OF_WORDS.items() if sign in text), None)
    if words is None and folder is not None and folder.is_dir():
        words = _FULL if shutil.disk_usage(folder).free < NEXT_TO_NOTHING else None
    return StorageError(words) if words else None


class Room:
    """The room on the disk of one library folder."""

    def __init__(self, folder: Path, min_free_mb: int = 0) -> None:
        """``min_free_mb`` is what stays free, in MB; with 0 there is no reserve either."""
        self._folder = folder
        self._least = min_free_mb << 20
        self._reserve = folder / _NAME

    def free(self) -> int:
        """Return the bytes that are free on the disk."""
        return shutil.disk_usage(self._folder).free

    def check(self, coming: int = 0) -> None:
        """Raise `StorageError` if less than ``min_free_mb`` is free after ``coming`` bytes."""
        if self._least and self.free() - coming < self._least:
            raise StorageError(
                f"less than {self._least >> 20:,} MB would stay free on the disk of the library "
                "folder (option min_free_mb); free some room, or remove documents (`ranklens "
                "remove NAME`), and it goes on"
            )

    def require(self, size: int) -> None:
        """Raise `StorageError` if fewer than ``size`` bytes are free, the reserve given up."""
        if self.free() < size and not (self.give_up_reserve() and self.free() >= size):
            raise StorageError(_FULL)

    def prepare(self) -> None:
        """Set the reserve aside, or give it up if the library could not even be opened."""
        if self.free() < RESERVE:
            self.give_up_reserve()
        else:
            self.keep_reserve()

    def keep_reserve(self) -> None:
        """Set the reserve aside if there is room for it, and none yet."""
        if not self._least or self._held() or self.free() - RESERVE < self._least:
            return
        try:
            with open(self._reserve, "wb", opener=private) as file:
                for _ in range(RESERVE // _PIECE):
                    # Not zeros: some file systems give no room to these.
                    file.write(os.urandom(_PIECE))
        except OSError:
            self._reserve.unlink(missing_ok=True)

    def give_up_reserve(self) -> bool:
        """Free the reserve; return whether there was one."""
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def _held(self) -> bool:
        return self._reserve.is_file() and self._reserve.stat().st_size == RESERVE
