"""The indexes of a sweep: other chunkings and encoders, each a library in a folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from ingest.rechunk import rechunk
from rag.errors import RanklensError
from rag.evaluate.progress import Interrupted
from rag.evaluate.sweeps.plan import digest
from rag.types import Scalar

if TYPE_CHECKING:
    from ingest.progress import IndexingProgress
    from rag.pipeline import Pipeline
    from ranklens.judged_sets import JudgedSet
    from ranklens.library import Library

PREFIX = "index-"
# What belongs to the library alone: its servers, its log.
_OF_THE_LIBRARY: Mapping[str, Any] = {
    "chroma_url": "",
    "database_url": "",
    "files_url": "",
    "log_questions": False,
}


class IndexTooLarge(RanklensError):
    """An index of a sweep needs more room than it may take."""


class SweptIndexes:
    """One is open at a time; all of a sweep together stay below ``limit_mb``.

    Made from the texts in the library's catalogue: of the judged set's collection only, as nothing
    else is asked there.
    """

    def __init__(self, judged: JudgedSet, folder: Path, limit_mb: int) -> None:
        self._judged = judged
        self._folder = folder
        self._limit = limit_mb * 1_000_000

    @contextmanager
    def opened(
        self, options: Mapping[str, Scalar], show: Callable[[int, int], None], stop: Event | None
    ) -> Iterator[Pipeline]:
        """Yield the pipeline over an index with these options; the present one is the library's.

        ``show`` gets how many documents of how many are indexed. Raises `IndexTooLarge`,
        `Interrupted`, or `ModelError` if the encoder cannot be loaded.
        """
        library = self._judged.library
        settings = library.settings
        if all(getattr(settings, name) == value for name, value in options.items()):
            yield self._judged.pipeline
            return
        folder = self._folder / f"{PREFIX}{digest(dict(options))[:12]}"
        own = {name: v for name, v in _OF_THE_LIBRARY.items() if hasattr(settings, name)}
        changed = settings.updated(**own, **options, library=folder)
        with type(library).open(changed, reindex=True) as swept:
            self._fill(swept, folder, show, stop)
            yield swept.pipeline

    def remove(self) -> None:
        """Delete all of them."""
        self.remove_from(self._folder)

    @staticmethod
    def remove_from(sweep: Path) -> None:
        """Delete the indexes in a sweep's folder."""
        for folder in sweep.glob(f"{PREFIX}*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _fill(
        self, swept: Library, folder: Path, show: Callable[[int, int], None], stop: Event | None
    ) -> None:
        judged = self._judged
        over = Event()

        def report(progress: IndexingProgress) -> None:
            show(progress.documents_done, progress.documents_total)
            if self._make_room(folder) or (stop is not None and stop.is_set()):
                over.set()

        names = None
        if judged.collection:
            names = judged.library.collections.members(judged.collection)
        rows = judged.judged_spans is not None and judged.unit == "document"
        if rechunk(judged.library, swept, names, rows, report, over) and not over.is_set():
            return
        if stop is not None and stop.is_set():
            raise Interrupted("stopped while documents were indexed")
        mb = self._limit // 1_000_000
        raise IndexTooLarge(f"its index needs more than {mb:,} MB; raise the limit of the sweep")

    def _make_room(self, folder: Path) -> bool:
        """Delete other indexes, the oldest first, until all fit; return whether they do not."""
        others = [one for one in self._folder.glob(f"{PREFIX}*") if one != folder]
        others.sort(key=lambda one: one.stat().st_mtime_ns)
        taken = {one: _size(one) for one in (folder, *others)}
        while sum(taken.values()) > self._limit and others:
            oldest = others.pop(0)
            shutil.rmtree(oldest, ignore_errors=True)
            del taken[oldest]
        return taken[folder] > self._limit


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
