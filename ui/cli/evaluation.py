"""`eval`: measure pipelines on a folder or on a question set of the library."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.options import CollectionOption, JsonOption, LibraryOption, settings_for

if TYPE_CHECKING:
    import threading

    from rag.settings import Settings
    from ranklens.evaluations import EvaluationRecord
    from ranklens.judged_sets import JudgedSet
    from ui.cli.progress import CountingBar

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
    collection: CollectionOption = "",
    library: LibraryOption = None,
) -> None:
    """Measure what each stage of each pipeline gains, with confidence intervals.

    A folder is indexed in a library of its own, which is kept and reused. A question set is asked
    of its own collection; --collection names another one. The library keeps every evaluation:
    `ranklens evaluations` lists them.
    """
    from ranklens import evaluations, measuring
    from ranklens.measuring import checked_metric, parse_gate

    gates = [parse_gate(text) for text in gate or ()]
    metrics = [checked_metric(name) for name in metric or ()]
    if replay:
        evaluation = measuring.load(Path(source).expanduser())
    else:
        settings = settings_for(ctx, library)
        pipelines = measuring.resolve(settings, pipeline or (), owner=True)
        with prepared(settings, source, work, limit, collection) as (judged, bar, stop):
            evaluation = measuring.measure(
                judged, pipelines, one_pool=frozen, answers=answers, on_progress=bar, stop=stop
            )
            kept = evaluations.keep(judged.library, evaluation, judged.collection)
        _show_kept(kept, judged.library.settings)
    found = measuring.figures_of(evaluation, metrics, gates)
    if save:
        measuring.save(evaluation, save)
    if runs:
        measuring.write_runs(evaluation, runs)
    if report:
        from rag.evaluate.reports.report import write

        write(found, report)
    if as_json:
        print(evaluations.figures_as_json(found))
    else:
        from ui.cli.evaluation_tables import show_evaluation

        show_evaluation(found)
    outcomes = measuring.passed(found, gates)
    for outcome in outcomes:
        print(outcome, file=sys.stderr)
    if not all(outcome.passed for outcome in outcomes):
        raise typer.Exit(1)


def _show_kept(kept: EvaluationRecord | None, settings: Settings) -> None:
    if kept is None:
        print("The evaluation could not be kept: there is no room for it", file=sys.stderr)
    else:
        print(f"Kept as {kept.id} in {settings.library}", file=sys.stderr)


@contextmanager
def prepared(
    settings: Settings, source: str, work: Path | None, limit: int | None, collection: str = ""
) -> Iterator[tuple[JudgedSet, CountingBar, threading.Event]]:
    """Open what ``source`` is measured on; Ctrl-C sets the event and ends the command with 130."""
    from ranklens.judged_sets import opened_set
    from ranklens.library import Library
    from ranklens.measuring import Interrupted
    from ui.cli.progress import CountingBar, stop_on_interrupt

    with stop_on_interrupt() as stop, CountingBar() as bar:
        try:
            with opened_set(
                Library.open,
                settings,
                source,
                work=work,
                limit=limit,
                on_indexing=bar.indexing,
                stop=stop,
                collection=collection,
            ) as judged:
                yield judged, bar, stop
        except Interrupted as error:
            print(error, file=sys.stderr)
            print("Stopped; the same command goes on where it was", file=sys.stderr)
            raise typer.Exit(130) from None
