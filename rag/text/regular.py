"""Only regular files are read: a pipe may wait for ever, and a device may never end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

NOT_REGULAR = "it is no file but a pipe, a socket or a device"
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # opening a pipe waits for its writer otherwise


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file, or a link to one, to read its bytes.

    Raises `OSError`, whose ``strerror`` is `NOT_REGULAR` for what is neither file nor folder.
    """
    _refuse_special(path.stat().st_mode)  # opening a device may already do something
    file = open(path, "rb", opener=_at_once)  # noqa: SIM115 - the caller closes it
    try:
        _refuse_special(os.fstat(file.fileno()).st_mode)  # another one may stand there by now
    except OSError:
        file.close()
        raise
    return file


def _at_once(name: str, flags: int) -> int:
    return os.open(name, flags | _AT_ONCE)


def _refuse_special(mode: int) -> None:
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, NOT_REGULAR)
