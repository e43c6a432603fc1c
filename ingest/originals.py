"""The library's own copies of the files that were added.

What a file was called is kept in the catalogue as text and never used as a path.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from rag.errors import DocumentError, FilesUnavailable, NotThere
from rag.settings import Settings
from rag.store.facts import facts_of
from rag.store.files.choice import copies_of, files_of
from rag.store.files.copies import read
from rag.store.files.folder import UNFINISHED
from rag.store.files.protocol import PIECE, Files
from rag.store.private import FOLDER
from rag.store.room import CANNOT_WRITE, storage_error
from rag.text.regular import open_regular

log = logging.getLogger(__name__)

MARK = "library-mark"  # a fact of the library, and a file beside its files
KEYS = "files"  # in the library's folder, too
ORPHANED = 3600.0  # seconds that a file without a document may be there: somebody adds it just now
_DIGEST = re.compile("[0-9a-f]{64}")


class Originals:
    """Files by digest, wherever the library keeps files.

    The digest is the SHA-256 of the bytes, or one that rests on it (`ingest.senders`).
    """

    def __init__(self, settings: Settings) -> None:
        self._files = files_of(settings)
        self._facts = facts_of(settings)
        self._copies = copies_of(settings, self._files)
        here = self._files.place(KEYS)
        self._owned = here is not None
        # What hosts with a common folder kept there before the database had files.
        self._before = settings.library / KEYS
        self._incoming = here or self._copies.folder
        self._incoming.mkdir(FOLDER, parents=True, exist_ok=True)
        for unfinished in self._incoming.glob(f"*{UNFINISHED}") if self._owned else ():
            unfinished.unlink(missing_ok=True)

    def keep(
        self, source: Path, limit_mb: int, digest_of: Callable[[str], str] | None = None
    ) -> tuple[str, int]:
        """Copy a file in and return its digest and size in bytes.

        ``digest_of`` returns the digest to use, given the SHA-256 of the bytes.

        Raises `DocumentError` if it cannot be read, is no regular file or is too large, and
        `StorageError` if there is no room, or files cannot be kept now.
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

    @contextmanager
    def waiting(self, data: IO[bytes]) -> Iterator[Path]:
        """Hold bytes in a file here, which is deleted afterwards or at a later start."""
        with tempfile.NamedTemporaryFile(suffix=UNFINISHED, dir=self._incoming) as copy:
            shutil.copyfileobj(data, copy)
            copy.flush()
            yield Path(copy.name)

    def has(self, digest: str) -> bool:
        """Return whether the bytes with that digest are kept."""
        return self._files.stat(f"{KEYS}/{digest}") is not None

    def path(self, digest: str) -> Path:
        """Return a file with the bytes of that digest, fetched if they are kept elsewhere.

        Raises `DocumentError` if they are gone, and `FilesUnavailable`.
        """
        if not self._owned and (self._before / digest).is_file():
            return self._before / digest
        try:
            return self._copies.path(f"{KEYS}/{digest}", digest)
        except NotThere:
            raise DocumentError(
                f"its original is not in {self._files.where} any more; add the file again"
            ) from None

    def drop(self, digest: str) -> None:
        """Delete the bytes with that digest; what cannot be reached now is swept later."""
        self._copies.drop(digest)
        (self._before / digest).unlink(missing_ok=True)
        try:
            self._files.delete(f"{KEYS}/{digest}")
        except FilesUnavailable as error:
            log.warning("the original of a removed document is deleted later: %s", error)

    def sweep(
        self,
        known: Callable[[], Collection[str]],
        if_unused: Callable[[str, Callable[[str], None]], bool] | None = None,
    ) -> int:
        """Delete files whose digest is not ``known``: what a killed process left; count them.

        If other processes may be adding one just now, only those that are old, and only by
        ``if_unused`` (digest, what deletes it), which looks again while nobody can add it.
        """
        if not self._owned and not self._is_ours():
            where = self._files.where
            log.warning("another library keeps files in %s too: none is swept", where)
            return 0
        since = float("inf") if self._owned else time.time() - ORPHANED
        held = [one.key.rpartition("/")[2] for one in self._files.list(KEYS) if one.changed < since]
        if not held:
            return 0
        digests, count = known(), 0  # asked after the list: what was added meanwhile is known
        for digest in held:
            if digest in digests or not _DIGEST.fullmatch(digest):
                continue
            if if_unused is None:
                self.drop(digest)
                count += 1
            else:
                count += if_unused(digest, self.drop)
        return count

    def drop_copies(self, known: Callable[[], Collection[str]]) -> None:
        """Delete local copies of what is not ``known`` any more, an hour after their last use."""
        self._copies.keep_only(known)

    def _is_ours(self) -> bool:
        """Return whether this library alone keeps files there.

        The first one that sweeps writes its mark: two libraries that are given one bucket and
        prefix would each delete what it does not know.
        """
        self._facts.change(MARK, lambda held: held or secrets.token_hex(16))
        mark = str(self._facts.read(MARK))
        if self._files.stat(MARK) is None:
            _put_mark(self._files, mark)
        return read(self._files, MARK) == mark.encode()

    def _copy(
        self, reader: BinaryIO, limit_mb: int, digest_of: Callable[[str], str] | None
    ) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(suffix=UNFINISHED, dir=self._incoming)
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
            self._files.put(f"{KEYS}/{found}", part, give=True)
        finally:
            part.unlink(missing_ok=True)
        return found, size


def hand_over(source: Settings, target: Settings) -> None:
    """Make a library's copy the one that sweeps in the bucket of both, if the library was that."""
    if not target.files_url or target.files_url != source.files_url:
        return
    files, before = files_of(target), facts_of(source).read(MARK)
    if files.stat(MARK) is None or read(files, MARK) != str(before).encode():
        return  # a third library's
    mark = secrets.token_hex(16)
    facts_of(target).change(MARK, lambda _: mark)
    _put_mark(files, mark)


def _put_mark(files: Files, mark: str) -> None:
    with tempfile.NamedTemporaryFile(suffix=UNFINISHED) as own:
        own.write(mark.encode())
        own.flush()
        files.put(MARK, Path(own.name))
