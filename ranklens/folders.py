"""Add a folder of the server's machine for somebody who asks from outside.

Only folders below those that the owner named (option `api_folders`) can be added, and no link is
followed, in the folder's path or in it: every step is opened from the one before, so that a link
that somebody puts there meanwhile leads nowhere.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from ingest.datasets.aside import set_aside
from ingest.loaders import suffixes
from ingest.progress import FileOutcome
from rag.errors import NotThere, RanklensError
from rag.settings import Settings
from rag.text.regular import NOT_REGULAR

if TYPE_CHECKING:
    from ingest.documents import Documents

MOST = 100_000  # files of one folder
LINK = "is a link, and links are not followed here"
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def root_of(settings: Settings, folder: str) -> tuple[Path, PurePosixPath]:
    """Return the owner's folder that a folder is in, and the way from there.

    Raises `NotThere`, the same whether there is such a folder or not, if it is in none of them.
    """
    wanted = PurePosixPath(os.path.normpath(folder))
    for root in settings.folders():
        if "\0" not in folder and wanted.is_absolute() and wanted.is_relative_to(root):
            return root, wanted.relative_to(root)
    raise NotThere(
        f"{folder!r} is in no folder from which documents may be added; the owner names them in "
        "the option api_folders"
    )


def add_folder(
    library: Documents,
    folder: str,
    password: str = "",
    on_progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
    collection: str = "",
) -> list[FileOutcome]:
    """Queue the files of a folder and return what became of each; indexing goes on behind.

    Hidden files are left out, question sets are skipped; a file is named by its path from the
    folder. ``on_progress`` gets (files done, files in all); ``stop`` ends it after the current
    file. They are put into ``collection``, if it is named. Raises `NotThere`.
    """
    if os.open not in os.supports_dir_fd:
        raise RanklensError("this system cannot open folders safely; upload the files instead")
    known, outcomes = frozenset(suffixes()), list[FileOutcome]()
    with _opened(*root_of(library.settings, folder)) as top:
        total = sum(1 for _ in _files(top))
        if total > MOST:
            raise RanklensError(f"the folder has more than {MOST:,} files; add parts of it")
        for at, path, aside in _files(top):
            if stop and stop.is_set():
                break
            outcomes.append(aside or _added(library, at, path, password, known, collection))
            if on_progress:
                on_progress(len(outcomes), total)
    return outcomes


@contextmanager
def _opened(root: Path, way: PurePosixPath) -> Iterator[int]:
    """Open a folder, step by step from the owner's, whose own path may have links."""
    at = _entered(str(root), None)
    try:
        for step in way.parts:
            below = _entered(step, at)
            os.close(at)
            at = below
        yield at
    finally:
        os.close(at)


def _entered(step: str, at: int | None) -> int:
    flags = _FOLDER if at is not None else os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
    try:
        return os.open(step, flags, dir_fd=at)
    except OSError as error:
        raise NotThere(f"there is no such folder, or it is a link ({error.strerror})") from None


def _files(top: int) -> Iterator[tuple[int, PurePosixPath, FileOutcome | None]]:
    """Yield each file's open parent and its path from the top, in order, links too.

    With each comes its outcome if it is no document.
    """
    for parent, folders, files, at in os.fwalk(".", dir_fd=top, follow_symlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files = sorted(name for name in files if not name.startswith("."))
        aside = set_aside(files, partial(_regular, at))
        for name in files:
            path, reason = PurePosixPath(parent, name), aside.get(name)
            yield at, path, FileOutcome(str(path), "skipped", reason) if reason else None


def _regular(at: int, name: str) -> BinaryIO:
    file = os.fdopen(os.open(name, _FILE, dir_fd=at), "rb")
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(errno.EINVAL, NOT_REGULAR)


def _added(
    library: Documents,
    at: int,
    path: PurePosixPath,
    password: str,
    known: frozenset[str],
    collection: str,
) -> FileOutcome:
    if path.suffix.lower() not in known:
        return FileOutcome(str(path), "skipped", "its format is not supported")
    try:
        file = os.open(path.name, _FILE, dir_fd=at)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return FileOutcome(str(path), "skipped", LINK)
        return FileOutcome(str(path), "failed", f"cannot be read ({error.strerror})")
    with os.fdopen(file, "rb") as data:
        found, limit = os.fstat(data.fileno()), library.settings.max_file_mb
        if not stat.S_ISREG(found.st_mode):
            return FileOutcome(str(path), "skipped", NOT_REGULAR)
        if found.st_size > limit << 20:
            reason = f"has more than {limit} MB, which is the limit (option max_file_mb)"
            return FileOutcome(str(path), "failed", reason)
        return library.enqueue_upload(str(path), data, password, collection=collection)
