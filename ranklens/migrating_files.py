"""Copy what a library keeps beside its rows: files, small facts and tuned models.

Each file is put whole and compared by its SHA-256; one that is there already with its size is not
copied again, so a copy that was interrupted goes on.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ingest.originals import KEYS, hand_over
from rag.errors import LibraryError
from rag.evaluate.experiments.kept import FOLDER as MEASURED
from rag.rerank.tuned import TunedVersions
from rag.settings import Settings
from rag.store.facts import NAMES, facts_of
from rag.store.files.choice import files_of
from rag.store.files.folder import FolderFiles
from rag.store.files.protocol import Files, StoredFile


def copy_files(
    source: Settings, target: Settings, on_copied: Callable[[str, int, int], None] | None = None
) -> int:
    """Copy everything of one library's settings to another's; return how many files were copied.

    Nothing is removed from the source. A bucket that both use belongs to the target from then on:
    the source deletes nothing there that it does not know. Raises `LibraryError` if a copy differs.
    """
    new = files_of(target)
    held = list(_files(source))
    copied = 0
    for done, (old, file) in enumerate(held, 1):
        there = new.stat(file.key)
        if there is None or there.size != file.size:
            _copy(old, new, file.key)
            copied += 1
        if on_copied:
            on_copied("files", done, len(held))
    _copy_facts(source, target)
    models, kept = TunedVersions(source), TunedVersions(target)
    there_already = {version.version for version in kept.all()}
    for version in models.all():
        if version.version not in there_already:
            kept.take(version, models.folder(version.version))
            copied += 1
    hand_over(source, target)
    return copied


def _files(settings: Settings) -> Iterator[tuple[Files, StoredFile]]:
    """Return every file once: from where it is kept, or the folder that hosts had in common."""
    seen: set[str] = set()
    for files in (files_of(settings), FolderFiles(settings.library)):
        for folder in (KEYS, MEASURED):
            for one in files.list(folder):
                if one.key not in seen:
                    seen.add(one.key)
                    yield files, one


def _copy(old: Files, new: Files, key: str) -> None:
    with tempfile.TemporaryDirectory() as aside:
        first, second = Path(aside) / "first", Path(aside) / "second"
        _fetch(old, key, first)
        new.put(key, first)
        _fetch(new, key, second)
        if _digest(first) != _digest(second):
            new.delete(key)
            raise LibraryError(f"the copy of the file {key} differs from the original; try again")


def _fetch(files: Files, key: str, path: Path) -> None:
    with path.open("wb") as target:
        files.fetch(key, target)


def _digest(path: Path) -> str:
    with path.open("rb") as data:
        return hashlib.file_digest(data, hashlib.sha256).hexdigest()


def _copy_facts(source: Settings, target: Settings) -> None:
    old, new = facts_of(source), facts_of(target)
    for name in NAMES:
        found = old.read(name)
        if found is not None:
            new.change(name, partial(_instead, found))


def _instead(found: Any, _present: Any) -> Any:
    return found
