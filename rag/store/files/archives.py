"""A folder as one file: a plain tar archive, and back."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def packed_folder(folder: Path) -> Iterator[tuple[Path, str]]:
    """Return an archive of a folder, gone afterwards, and the SHA-256 of its bytes."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="packing-") as aside:
        archive = Path(aside) / "folder.tar"
        with tarfile.open(archive, "w") as tar:
            for path in sorted(folder.rglob("*")):
                tar.add(path, path.relative_to(folder).as_posix(), recursive=False)
        with archive.open("rb") as data:
            digest = hashlib.file_digest(data, hashlib.sha256).hexdigest()
        yield archive, digest


def unpack_folder(archive: Path, folder: Path) -> None:
    """Unpack an archive into a folder, all of it or nothing; one that is there already stays."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix="unpacking-"))
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(aside, filter="data")  # nothing outside, no links out, no devices
        if not folder.is_dir():
            os.rename(aside, folder)
    except OSError:
        if not folder.is_dir():  # else another process was faster
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
