"""`worker`: a process that indexes for a library in a database."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from rag.text.plural import plural
from ui.cli.options import LibraryOption, open_library, settings_for
from ui.cli.words import clean

if TYPE_CHECKING:
    from ranklens import FileOutcome
    from ranklens.working import Worker

FinishOption = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=0,
        help="Time that the present document has after SIGTERM; then another worker gets it.",
    ),
]


def worker(
    ctx: typer.Context, finish_seconds: FinishOption = 60.0, library: LibraryOption = None
) -> None:
    """Index documents that any page, API or command has queued in a library in a database.

    Any number of workers may run, on any number of machines. SIGTERM ends one after the present
    document, Ctrl-C after the present batch.
    """
    from ranklens.working import Worker, refuse_embedded

    settings = settings_for(ctx, library)
    refuse_embedded(settings)
    with open_library(settings, create=True) as opened:
        made = Worker(opened, _report, _warn)
        print("Waiting for documents (Ctrl-C stops)", file=sys.stderr, flush=True)
        with _on_signals(made, finish_seconds):
            made.run()


@contextmanager
def _on_signals(worker: Worker, seconds: float) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        act = partial(worker.finish, seconds) if number == signal.SIGTERM else worker.stop
        # In a thread of its own: the main one may hold the lock of what is set here.
        threading.Thread(target=act, daemon=True).start()

    before = {one: signal.signal(one, handle) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _report(outcome: FileOutcome) -> None:
    if outcome.status in ("added", "replaced"):
        words = plural(outcome.chunks, "passage")
    else:
        words = clean(outcome.reason)
    print(f"{outcome.status}: {clean(outcome.name)} ({words})", flush=True)
    for warning in outcome.warnings:
        print(f"  {clean(warning)}", flush=True)


def _warn(problem: str) -> None:
    print(f"ranklens: {clean(problem)}", file=sys.stderr, flush=True)
