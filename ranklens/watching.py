"""Folders whose files are in the library, and are looked at again and again.

A folder's files are compared with what was found at the last look: what is new or has changed is
queued, and what is gone is removed from the library. A folder that is empty or not there (a disk
that is not mounted) removes nothing.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import LibraryError, RanklensError
from rag.store.sources import Source, SourceFile
from rag.text.plural import plural
from ranklens.adding import FoundFile, find

if TYPE_CHECKING:
    from ranklens.library import Library

log = logging.getLogger(__name__)

SETTLED = 2.0  # seconds since a file was written: before, somebody may still be writing it
MOST_NAMED = 100  # of the files that changed, in what is kept of a look
_NOT_FOR_THE_PAGE = (
    "the page may not import such a folder: option import_folders names those that it may; "
    "`ranklens watch FOLDER` imports any"
)


@dataclass(slots=True)
class Changes:
    """What one look at a source found, by the names of documents; ``refused`` with reasons."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.added, self.changed, self.removed, self.refused))

    def summary(self) -> str:
        """Return how many of each there are, in words."""
        counts = (f"{len(names):,} {kind}" for kind, names in asdict(self).items() if names)
        return ", ".join(counts) or "nothing has changed"


def folder_for_page(library: Library, text: str) -> Path:
    """Return the folder that somebody typed on the page, if the page may import it.

    Raises `LibraryError` if not: a visitor could otherwise read what the owner of this machine
    keeps elsewhere. Hidden folders are never among them.
    """
    folder = Path(os.path.realpath(Path(text.strip()).expanduser()))
    for root in _roots(library):
        if folder.is_relative_to(root):
            hidden = any(part.startswith(".") for part in folder.relative_to(root).parts)
            if not hidden and not _holds(folder, library.settings.library):
                return folder
    raise LibraryError(_NOT_FOR_THE_PAGE)


def refused_for_page(library: Library) -> str:
    """Return why the page may import no folder at all, "" if it may."""
    return "" if _roots(library) else _NOT_FOR_THE_PAGE


def watch(library: Library, folder: Path, collection: str = "") -> tuple[Source, Changes]:
    """Import a folder's files and watch it from now on; documents are queued.

    They are put into ``collection``, and so is what comes later. Raises `LibraryError` if it is no
    folder, `NotThere` if there is no such collection.
    """
    folder = Path(os.path.realpath(folder.expanduser()))
    if not folder.is_dir():
        raise LibraryError(f"{folder} is not a folder")
    source = library.sources.add("folder", str(folder), _label(library, folder))
    return source, look(library, source, collection=collection)


def look(
    library: Library,
    source: Source,
    settled: float = 0.0,
    stop: threading.Event | None = None,
    collection: str = "",
) -> Changes:
    """Look at a folder: queue what is new or has changed, remove what is gone.

    New files are put into ``collection``; without one, into that of most of the folder's documents.

    Files that were written in the last ``settled`` seconds, and all that are left once ``stop`` is
    set, wait for the next look. What has changed is kept with the source, as is why it could not be
    looked at.
    """
    with _looking:
        changes = Changes()
        problem = _unreadable(library, source)
        if not problem:
            into = collection or _usual_collection(library, source)
            _compare(library, source, changes, settled, stop or threading.Event(), into)
        kept = {kind: names[:MOST_NAMED] for kind, names in asdict(changes).items() if names}
        library.sources.looked(source, problem, {**kept, "at": time.time()} if kept else None)
        return changes


class Watcher:
    """Looks at the folders of a library every few seconds, in a thread of its own."""

    def __init__(self, library: Library) -> None:
        """Start nothing yet."""
        self._library = library
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch, if the settings ask for it."""
        if self._library.settings.watch_seconds > 0 and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="watching", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop watching; what is being compared is finished first."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._ended.wait(self._library.settings.watch_seconds):
            for source in self._library.sources.all():
                if source.kind == "folder" and not self._ended.is_set():
                    self._look(source)

    def _look(self, source: Source) -> None:
        try:
            look(self._library, source, SETTLED, self._ended)
        except RanklensError as error:
            log.warning("%s could not be looked at: %s", source.place, error)
        # The thread must live on: nobody would notice that changes are no longer seen.
        except Exception:
            log.exception("%s could not be looked at", source.place)


_looking = threading.Lock()


def _compare(
    library: Library,
    source: Source,
    changes: Changes,
    settled: float,
    stop: threading.Event,
    collection: str,
) -> None:
    known = library.sources.files(source)
    found = {file.name: file for file in _files(library, source)}
    gone = sorted(known.keys() - found.keys())
    for path in gone:
        library.sources.drop_file(source, path)
    # Removed first: a file that was only moved has the same bytes, and is added again.
    documents = {known[path].document for path in gone} - {""}
    unheld = [name for name in sorted(documents) if not library.sources.holds(name)]
    changes.removed += library.remove_all(unheld)
    for path, file in found.items():
        if stop.is_set():
            return
        _compare_file(library, source, file, known.get(path), changes, settled, collection)


def _compare_file(
    library: Library,
    source: Source,
    file: FoundFile,
    known: SourceFile | None,
    changes: Changes,
    settled: float,
    collection: str,
) -> None:
    try:
        stat = file.path.stat()
    except OSError:
        return  # it went away meanwhile: the next look removes it
    fresh = 0 <= time.time() - stat.st_mtime < settled
    if fresh or (known and (known.size, known.modified) == (stat.st_size, stat.st_mtime_ns)):
        return
    into = "" if known and known.document else collection  # else it stays in those that it is in
    outcome = library.enqueue(file.path, f"{source.label}/{file.name}", collection=into)
    document = outcome.name
    if outcome.status == "failed":
        changes.refused.append(f"{document}: {outcome.reason}")
        document = known.document if known else ""
    elif outcome.status == "queued":
        (changes.changed if known else changes.added).append(document)
    else:
        document = _same(library, file.path) or document
    kept = SourceFile(document, stat.st_size, stat.st_mtime_ns)
    library.sources.keep_file(source, file.name, kept)


def _usual_collection(library: Library, source: Source) -> str:
    """Return the collection that most of a folder's documents are in, "" if there is none."""
    within = library.collections.of_documents()
    files = library.sources.files(source).values()
    counted = Counter(name for file in files for name in within.get(file.document, ()))
    return counted.most_common(1)[0][0] if counted else ""


def _same(library: Library, path: Path) -> str:
    """Return the name of the document that has a file's bytes, "" if none has."""
    with path.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    same = library.index.catalogue.documents(digest=digest)
    return same[0].name if same else ""


def _files(library: Library, source: Source) -> Iterator[FoundFile]:
    """Yield what can be read of a folder; the library's own files are no documents."""
    for file in find([Path(source.place)]):
        if not file.refused and not file.path.is_relative_to(library.settings.library):
            yield file


def _unreadable(library: Library, source: Source) -> str:
    folder = Path(source.place)
    if not folder.is_dir():
        return "the folder is not there; its documents stay in the library"
    try:
        with os.scandir(folder) as entries:
            empty = next(entries, None) is None
    except OSError as error:
        return f"the folder cannot be read ({error.strerror}); its documents stay in the library"
    held = len(library.sources.files(source))
    if empty and held:
        files = plural(held, "file")
        return f"the folder is empty, although {files} came from it; its documents stay"
    return ""


def _label(library: Library, folder: Path) -> str:
    """Return the folder's name, with as many of those above it as make it differ from others."""
    taken = {source.label for source in library.sources.all() if source.place != str(folder)}
    parts = [part for part in folder.parts if part != folder.anchor] or ["folder"]
    for count in range(1, len(parts) + 1):
        if (label := "/".join(parts[-count:])) not in taken:
            return label
    return str(folder)


def _roots(library: Library) -> list[Path]:
    settings = library.settings
    named = [Path(part) for part in settings.import_folders.split(os.pathsep) if part.strip()]
    if not named and not settings.page_hosts:
        named = [Path.home()]
    return [Path(os.path.realpath(root.expanduser())) for root in named]


def _holds(folder: Path, library: Path) -> bool:
    return folder.is_relative_to(os.path.realpath(library))
