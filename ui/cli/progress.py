"""Progress of indexing: a bar on a terminal, plain lines elsewhere, and a clean stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Self

from rag.text.plural import plural
from ui.cli.words import clean, duration

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from ranklens import FileOutcome, IndexingProgress

EVERY = 5.0  # seconds between plain lines


class Reporter:
    """Shows the progress that it is called with, and each file's outcome once, as it comes."""

    def __init__(self) -> None:
        self._shown = 0
        self._last = time.monotonic()
        self._bar = _bar() if sys.stderr.isatty() else None
        self._task = self._bar.add_task("", total=None) if self._bar else None

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, progress: IndexingProgress) -> None:
        """Show what is new in ``progress``."""
        for outcome in progress.outcomes[self._shown :]:
            show_outcome(outcome)
        self._shown = len(progress.outcomes)
        if self._bar and self._task is not None:
            self._bar.update(
                self._task,
                description=line(progress),
                completed=progress.chunks_done,
                total=progress.chunks_total or None,
            )
        elif progress.running and time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            print(line(progress), flush=True)


def line(progress: IndexingProgress) -> str:
    """Return the state of the work in one line."""
    parts = [
        f"{progress.documents_done} of {plural(progress.documents_total, 'document')}",
        f"{progress.chunks_done} of {plural(progress.chunks_total, 'chunk')}",
        f"{progress.rate:.1f} chunks/s",
    ]
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left)} left")
    if progress.current:
        parts.append(clean(progress.current))
    return " · ".join(parts)


def show_outcome(outcome: FileOutcome) -> None:
    """Print one file's outcome; failures go to stderr."""
    failed = outcome.status == "failed"
    text = f"{outcome.status}: {clean(outcome.name)}"
    if outcome.chunks:
        text += f" ({plural(outcome.chunks, 'chunk')})"
    if outcome.reason:
        text += f": {clean(outcome.reason)}"
    print(text, file=sys.stderr if failed else sys.stdout, flush=True)


@contextmanager
def stop_on_interrupt() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into an event, so that the file at work ends cleanly.

    The second one interrupts at once; what was not finished is finished by the next run.
    """
    stop = threading.Event()

    def interrupted(signum: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        os.write(2, b"\nStopping; Ctrl-C again stops at once.\n")  # print is not safe in a handler

    previous = signal.signal(signal.SIGINT, interrupted)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, previous)


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(
        BarColumn(bar_width=24),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
    )
