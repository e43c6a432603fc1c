"""From the paths that were given to the files to add."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Found:
    """A path that was met: a file to add under ``name``, or why it is not added.

    ``skipped`` is an observation (an unknown format within a folder), ``failed`` an error.
    """

    path: Path
    name: str
    skipped: str = ""
    failed: str = ""


def find(paths: Iterable[Path], suffixes: Iterable[str]) -> list[Found]:
    """Return the files of ``paths`` in order; folders are walked, hidden files left out.

    A file in a folder below a given one is named by its path from there, so that files of equal
    names do not replace each other. A file given itself is kept whatever its suffix: the loader's
    own reason is the better one.
    """
    known = frozenset(suffixes)
    found: list[Found] = []
    for path in paths:
        if path.is_dir():
            found += _walk(path, known)
        elif path.exists():
            found.append(Found(path, path.name))
        else:
            found.append(Found(path, str(path), failed="there is no such file or folder"))
    return list(_without_repeats(found))


def _walk(folder: Path, known: frozenset[str]) -> Iterator[Found]:
    unreadable: list[Found] = []

    def refused(error: OSError) -> None:
        path = Path(error.filename)
        unreadable.append(Found(path, str(path), failed=f"cannot be read ({error.strerror})"))

    for parent, folders, files in os.walk(folder, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in sorted(files):
            if not file.startswith("."):
                path = Path(parent, file)
                skipped = "" if path.suffix.lower() in known else "its format is not supported"
                yield Found(path, path.relative_to(folder).as_posix(), skipped)
    yield from unreadable


def _without_repeats(found: Iterable[Found]) -> Iterator[Found]:
    """Refuse a second file of one name: it would replace the first without a word."""
    seen: dict[str, Path] = {}
    for item in found:
        first = None if item.skipped or item.failed else seen.setdefault(item.name, item.path)
        if first is None or first is item.path:
            yield item
        elif first.resolve() != item.path.resolve():
            reason = f"{first} has the same name; rename one of them"
            yield Found(item.path, item.name, failed=reason)
