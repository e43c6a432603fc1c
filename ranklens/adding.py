"""Adding documents: the files behind the paths that were given, queued and indexed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ingest.datasets.aside import set_aside
from ingest.files import leads_outside
from ingest.loaders import suffixes
from ingest.loaders.base import LOCKED
from ingest.progress import FileOutcome, IndexingProgress
from rag.errors import LibraryError
from rag.text.regular import NOT_REGULAR, open_regular
from ranklens import addresses

if TYPE_CHECKING:
    from ingest.documents import Documents
    from rag.store.catalogue import Document
    from ranklens.library import Library

Report = Callable[[IndexingProgress], None]


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to add under ``name``; ``refused`` says why it is not added, if it is not."""

    path: Path
    name: str
    refused: FileOutcome | None = None


def add_all(
    library: Library,
    given: Iterable[str | PathLike[str]],
    password: str = "",
    on_progress: Report | None = None,
    stop: threading.Event | None = None,
    collection: str = "",
) -> list[FileOutcome]:
    """Add files, folders and addresses, as `add` does; addresses are fetched first."""
    wanted = [one for one in given if isinstance(one, str) and addresses.is_address(one)]
    fetched = [
        addresses.fetch_address(library, one, collection)
        for one in wanted
        if not (stop and stop.is_set())
    ]
    paths = (Path(one) for one in given if one not in wanted)
    settled = [outcome for outcome in fetched if outcome.status != "queued"]
    return add(library, find(paths), password, on_progress, stop, settled, collection)


def add(
    library: Documents,
    files: Iterable[FoundFile],
    password: str = "",
    on_progress: Report | None = None,
    stop: threading.Event | None = None,
    before: Iterable[FileOutcome] = (),
    collection: str = "",
) -> list[FileOutcome]:
    """Queue files and index what is queued; return what became of each, after those ``before``.

    ``on_progress`` gets every outcome as soon as it is known. ``collection`` is one that the files
    are put into. Raises `LibraryError` if the work as a whole could not go on, `NotThere` if there
    is no such collection.
    """
    settled = list(before)

    def report(progress: IndexingProgress) -> None:
        if on_progress:
            on_progress(replace(progress, outcomes=(*settled, *progress.outcomes)))

    if settled:
        report(IndexingProgress())
    for file in files:
        if stop and stop.is_set():
            return settled
        outcome = file.refused or library.enqueue(
            file.path, file.name, password, collection=collection
        )
        if outcome.status != "queued":
            settled.append(outcome)
            report(IndexingProgress())
    return [*settled, *index_queued(library, report, stop)]


def index_queued(
    library: Documents, on_progress: Report | None = None, stop: threading.Event | None = None
) -> list[FileOutcome]:
    """Index what is queued; raises `LibraryError` if the work as a whole could not go on."""
    outcomes = library.work(on_progress, stop)
    if problem := library.progress().problem:
        raise LibraryError(f"the work came to a halt: {problem}")
    return outcomes


def needs_password(item: Document | FileOutcome) -> bool:
    """Return whether a file failed for want of its password, or for a wrong one."""
    return item.status == "failed" and item.reason.startswith(LOCKED)


def find(paths: Iterable[Path]) -> list[FoundFile]:
    """Return the files of ``paths`` in order; folders are walked, hidden files left out.

    In a folder, links that lead out of it, what is no regular file and a question set (with what
    describes it) are skipped. A file in a folder below a given one is named by its path from there,
    so that files of equal names do not replace each other. A file that is named itself is kept
    whatever its suffix: the loader's own reason is the better one.
    """
    known = frozenset(suffixes())
    found: list[FoundFile] = []
    for path in paths:
        if path.is_dir():
            found += _walk(path, known)
        elif path.exists():
            found.append(FoundFile(path, path.name))
        else:
            found.append(_failed(path, "there is no such file or folder"))
    return list(_without_repeats(found))


def _walk(folder: Path, known: frozenset[str]) -> Iterator[FoundFile]:
    unreadable: list[FoundFile] = []

    def refused(error: OSError) -> None:
        unreadable.append(_failed(Path(error.filename), f"cannot be read ({error.strerror})"))

    for parent, folders, files in os.walk(folder, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files = sorted(name for name in files if not name.startswith("."))
        aside = set_aside(files, partial(_opened, folder, Path(parent)))
        for file in files:
            path = Path(parent, file)
            reason = aside.get(file) or _skipped(path, folder, known)
            outcome = FileOutcome(str(path), "skipped", reason) if reason else None
            yield FoundFile(path, path.relative_to(folder).as_posix(), outcome)
    yield from unreadable


def _opened(folder: Path, parent: Path, name: str) -> BinaryIO:
    if leads_outside(parent / name, folder):
        raise OSError("a link out of the folder")
    return open_regular(parent / name)


def _skipped(path: Path, folder: Path, known: frozenset[str]) -> str:
    """Return why a file in a folder is left out, or ""."""
    if path.suffix.lower() not in known:
        return "its format is not supported"
    if leads_outside(path, folder):  # a folder that was unpacked may hold what nobody looked at
        return "is a link to a file outside of the folder; add that file itself"
    return NOT_REGULAR if path.exists() and not path.is_file() else ""


def _without_repeats(found: Iterable[FoundFile]) -> Iterator[FoundFile]:
    """Refuse a second file of one name, which would silently replace the first."""
    seen: dict[str, Path] = {}
    for item in found:
        first = None if item.refused else seen.setdefault(item.name, item.path)
        if first is None or first is item.path:
            yield item
        elif os.path.realpath(first) != os.path.realpath(item.path):
            reason = f"{first} has the same name; rename one of them"
            yield replace(item, refused=FileOutcome(item.name, "failed", reason))


def _failed(path: Path, reason: str) -> FoundFile:
    return FoundFile(path, str(path), FileOutcome(str(path), "failed", reason))
