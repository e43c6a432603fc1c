"""`eval`: measure pipelines on a folder or on a question set of the library."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.options import JsonOption, LibraryOption, settings_for
from ui.cli.words import clean, duration

if TYPE_CHECKING:
    import threading

    from rag.settings import Settings
    from ranklens import IndexingProgress
    from ranklens.measuring import JudgedSet

EVERY = 5.0  # seconds between lines of progress

Source = Annotated[
    str,
    typer.Argument(
        metavar="DIR|SET",
        help="A folder in BEIR's layout, one of documents with questions, or a question set.",
    ),
]
Pipelines = Annotated[
    list[str] | None,
    typer.Option(
        "--pipeline",
        metavar="NAME",
        help="A reranker, a saved pipeline, or options (pool=100,reranker=none). Repeatable.",
    ),
]
Gates = Annotated[
    list[str] | None,
    typer.Option("--gate", metavar="GATE", help='Such as "reranked.ndcg@10>=0.70"; fails with 1.'),
]
Limit = Annotated[int | None, typer.Option(metavar="N", min=1, help="The first N questions only.")]
WorkOption = Annotated[
    Path | None, typer.Option("--work", metavar="DIR", help="Folder for the library it needs.")
]


def evaluate(
    ctx: typer.Context,
    source: Source,
    pipeline: Pipelines = None,
    as_json: JsonOption = False,
    gate: Gates = None,
    limit: Limit = None,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A further metric, such as ndcg@5.")
    ] = None,
    frozen: Annotated[
        bool, typer.Option("--frozen", help="All pipelines rerank the first one's candidates.")
    ] = False,
    answers: Annotated[
        bool, typer.Option("--answers", help="Write and measure answers too: citations, refusals.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a self-contained HTML report.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save every ranking, to be replayed.")
    ] = None,
    runs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each stage as a TREC run.")
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="DIR|SET is a saved evaluation; nothing is run.")
    ] = False,
    work: WorkOption = None,
    library: LibraryOption = None,
) -> None:
    """Measure what each stage of each pipeline gains, with confidence intervals.

    A folder is indexed in a library of its own, which is kept and reused.
    """
    from ranklens import measuring
    from ranklens.measuring import checked_metric, parse_gate

    gates = [parse_gate(text) for text in gate or ()]
    metrics = [checked_metric(name) for name in metric or ()]
    if replay:
        evaluation = measuring.load(Path(source).expanduser())
    else:
        settings = settings_for(ctx, library)
        pipelines = measuring.resolve(settings, pipeline or ())
        with prepared(settings, source, work, limit) as (judged, stop):
            evaluation = measuring.measure(
                judged, pipelines, one_pool=frozen, answers=answers,
                on_progress=Lines("questions").count, stop=stop,
            )  # fmt: skip
    found = measuring.figures_of(evaluation, metrics, gates)
    if save:
        measuring.save(evaluation, save)
    if runs:
        measuring.write_runs(evaluation, runs)
    if report:
        from rag.evaluate.reports.report import write

        write(found, report)
    if as_json:
        print(measuring.figures_as_json(found))
    else:
        from ui.cli.evaluation_tables import show_evaluation

        show_evaluation(found)
    outcomes = measuring.passed(found, gates)
    for outcome in outcomes:
        print(outcome, file=sys.stderr)
    if not all(outcome.passed for outcome in outcomes):
        raise typer.Exit(1)


@contextmanager
def prepared(
    settings: Settings, source: str, work: Path | None, limit: int | None
) -> Iterator[tuple[JudgedSet, threading.Event]]:
    """Open what ``source`` is measured on; Ctrl-C sets the event and ends the command with 130."""
    from ranklens.library import Library
    from ranklens.measuring import Interrupted, opened_set
    from ui.cli.progress import stop_on_interrupt

    indexing = Lines("indexing").progress
    with stop_on_interrupt() as stop:
        try:
            with opened_set(
                Library.open,
                settings,
                source,
                work=work,
                limit=limit,
                on_indexing=indexing,
                stop=stop,
            ) as judged:
                yield judged, stop
        except Interrupted as error:
            print(error, file=sys.stderr)
            print("Stopped; the same command goes on where it was", file=sys.stderr)
            raise typer.Exit(130) from None


class Lines:
    """Progress on stderr: one line that is written over on a terminal, plain lines elsewhere."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._started = time.monotonic()
        self._last = self._started if not sys.stderr.isatty() else 0.0

    def progress(self, progress: IndexingProgress) -> None:
        """Show the progress of indexing."""
        from ui.cli.progress import line

        if progress.documents_total:
            self._show(f"{self._what}: {line(progress)}", done=not progress.running)

    def count(self, done: int, total: int) -> None:
        """Show how many questions are done."""
        passed = time.monotonic() - self._started
        left = duration(passed / done * (total - done))
        self._show(f"{self._what}: {done} of {total} · {left} left", done=done == total)

    def _show(self, text: str, done: bool) -> None:
        terminal = sys.stderr.isatty()
        if not done and time.monotonic() - self._last < (0.1 if terminal else EVERY):
            return
        self._last = time.monotonic()
        end = "\r\033[K" if terminal and done else "\r" if terminal else "\n"
        start = "\r\033[K" if terminal else ""
        print(f"{start}{clean(text)}", end=end, file=sys.stderr, flush=True)
