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
from typing import TYPE_CHECKING, Self, TextIO

from rag.text.plural import plural
from ranklens.adding import needs_password
from ui.cli.words import clean, duration

if TYPE_CHECKING:
    from ranklens import FileOutcome, IndexingProgress

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
EVERY = 5.0  # seconds between plain lines


class ProgressBar:
    """A bar on stderr if that is a terminal; elsewhere a plain line every few seconds."""

    def __init__(self, plain: TextIO | None = None) -> None:
        """``plain`` is where plain lines go (default: stderr)."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._terminal = sys.stderr.isatty()
        self._plain = plain or sys.stderr
        self._last = time.monotonic()
        self._bar = Progress(
            BarColumn(bar_width=24),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
            disable=not self._terminal,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def show(self, text: str, done: int, total: int, last: bool = False) -> None:
        """Show how far the work is, in words and as ``done`` of ``total`` (0 if not known).

        The ``last`` line of a piece of work is always printed.
        """
        self._bar.update(self._task, description=text, completed=done, total=total or None)
        if not self._terminal and (last or time.monotonic() - self._last >= EVERY):
            self._last = time.monotonic()
            print(text, file=self._plain, flush=True)


class CountingBar(ProgressBar):
    """Shows how many questions, or other units, are done, and the time that is left."""

    def __init__(self) -> None:
        super().__init__()
        self._began: dict[str, float] = {}
        self._called = time.monotonic()

    def __call__(self, done: int, total: int, unit: str = "questions") -> None:
        """Show that ``done`` of ``total`` are done; another unit's time begins anew."""
        began, self._called = self._began.setdefault(unit, self._called), time.monotonic()
        text = f"{unit}: {done} of {total}"
        if done:
            text += f" · {duration((self._called - began) / done * (total - done))} left"
        self.show(text, done, total, last=done == total)

    def indexing(self, progress: IndexingProgress) -> None:
        """Show the progress of indexing."""
        if progress.documents_total:
            text = f"indexing: {line(progress)}"
            self.show(text, progress.chunks_done, progress.chunks_total, not progress.running)


class Reporter(ProgressBar):
    """Shows the progress of indexing, and each file's outcome once, as it comes."""

    def __init__(self) -> None:
        super().__init__(plain=sys.stdout)
        self._shown = 0

    def __call__(self, progress: IndexingProgress) -> None:
        """Show what is new in ``progress``."""
        for outcome in progress.outcomes[self._shown :]:
            show_outcome(outcome)
        self._shown = len(progress.outcomes)
        if progress.running:
            self.show(line(progress), progress.chunks_done, progress.chunks_total)


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
    if progress.pictures_total:
        parts.append(f"{progress.pictures_done} of {progress.pictures_total} pictures read (OCR)")
    return " · ".join(parts)


def show_outcome(outcome: FileOutcome) -> None:
    """Print one file's outcome; failures go to stderr."""
    failed = outcome.status == "failed"
    text = f"{outcome.status}: {clean(outcome.name)}"
    if outcome.chunks:
        text += f" ({plural(outcome.chunks, 'chunk')})"
    if outcome.reason:
        text += f": {clean(outcome.reason)}"
    if needs_password(outcome):
        text += "; add it again with --password TEXT"
    print(text, file=sys.stderr if failed else sys.stdout, flush=True)
    for warning in outcome.warnings:
        print(f"warning: {clean(outcome.name)}: {clean(warning)}", file=sys.stderr, flush=True)


@contextmanager
def stop_on_interrupt() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C, SIGTERM or SIGHUP into an event, so that the file at work is finished.

    The second one interrupts at once; what was not finished is finished by the next run.
    """
    stop = threading.Event()
    terminals = [fd for fd in (1, 2) if os.isatty(fd)]

    def interrupted(signum: int, frame: FrameType | None) -> None:
        if signum == signal.SIGHUP:  # the terminal is gone, and writing to it would fail
            for fd in terminals:
                os.dup2(os.open(os.devnull, os.O_WRONLY), fd)
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        os.write(2, b"\nStopping; Ctrl-C again stops at once.\n")  # print is not safe in a handler

    caught = [one for one in STOPPING if signal.getsignal(one) != signal.SIG_IGN]  # as nohup does
    previous = {one: signal.signal(one, interrupted) for one in caught}
    try:
        yield stop
    finally:
        for one, handler in previous.items():
            signal.signal(one, handler)
