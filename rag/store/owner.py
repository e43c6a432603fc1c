"""One process owns a library folder; a second one is refused with the owner's name.

Chroma's embedded store loses vectors when two processes write and shows a reader nothing new, so
this is not a courtesy. The lock is the operating system's and goes with the process, however it
ends.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import LibraryError, LibraryInUse
from rag.store.private import FILE, FOLDER


class Owner:
    """Holds a folder for this process until `release`."""

    def __init__(self, folder: Path, command: str = "") -> None:
        """Take the folder; raises `LibraryInUse` if another one has it.

        ``command`` is what another process is shown, by default the name of the running program.
        """
        try:
            folder.mkdir(FOLDER, parents=True, exist_ok=True)
            self._lock = FileLock(folder / ".lock", timeout=0, mode=FILE)
            self._lock.acquire()
        except Timeout:
            raise LibraryInUse(
                f"the library {folder} is in use by {_owner(folder)}. Use that one, stop it, or "
                "choose another folder with --library"
            ) from None
        except OSError as error:
            raise LibraryError(
                f"the library folder {folder} cannot be used: {error.strerror or error}"
            ) from None
        self._name = folder / "owner.json"
        # Without arguments: these may hold a password.
        command = command or Path(sys.argv[0]).name or "python"
        since = datetime.now().astimezone().isoformat(" ", "seconds")
        owner = {"pid": str(os.getpid()), "command": command, "since": since}
        with suppress(OSError):  # a full disk; the lock holds all the same
            self._name.write_text(json.dumps(owner), "utf-8")

    def release(self) -> None:
        """Give the folder back."""
        self._name.unlink(missing_ok=True)
        self._lock.release()


def holder(folder: Path) -> str:
    """Return who holds a library folder, "" if nobody does; takes and makes nothing."""
    if not (folder / ".lock").is_file():
        return ""
    try:
        with FileLock(folder / ".lock", timeout=0):
            return ""
    except Timeout:
        return _owner(folder)


def _owner(folder: Path) -> str:
    try:
        owner = json.loads((folder / "owner.json").read_text("utf-8"))
        return f"`{owner['command']}` (process {owner['pid']}, since {owner['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"
