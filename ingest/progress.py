"""What is known about a piece of indexing work while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FileStatus = Literal["queued", "added", "replaced", "unchanged", "skipped", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file: ``reason`` in plain words, ``chunks`` how many it was cut into.

    ``warnings`` are sentences, one for each part of the file that was not read.
    A file within a folder that no loader reads is ``skipped``.
    """

    name: str
    status: FileStatus
    reason: str = ""
    chunks: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexingProgress:
    """A snapshot of the running (or last) work.

    ``chunks_total`` counts the chunks of documents that were cut so far and estimates the others
    from their size. ``seconds_left`` is an estimate too, None while nothing is known
    (`ingest.remaining`). With ``stopped`` somebody stopped it, and documents wait. ``problem`` is
    why the work as a whole came to a halt, if it did; with ``waits`` the reason will pass (a full
    disk, a server that is busy or away), and the background worker goes on by itself.
    """

    documents_done: int = 0
    documents_total: int = 0
    chunks_done: int = 0
    chunks_total: int = 0
    seconds: float = 0.0
    current: str = ""
    running: bool = False
    outcomes: tuple[FileOutcome, ...] = ()
    problem: str = ""
    waits: bool = False
    pictures_done: int = 0
    pictures_total: int = 0
    seconds_left: float | None = None
    stopped: bool = False

    @property
    def rate(self) -> float:
        """Chunks a second so far."""
        return self.chunks_done / self.seconds if self.seconds > 0 else 0.0
