"""`eval`: measure pipelines on a folder or on a question set of the library."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from rag.errors import LibraryError
from ui.cli.options import JsonOption, LibraryOption, open_library, settings_for
from ui.cli.words import clean, duration

if TYPE_CHECKING:
    import threading

    from ingest.progress import IndexingProgress
    from rag.evaluate.data import Evaluation, Grades, Question, Unit
    from rag.settings import Settings
    from ranklens.library import Library

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
    from rag.evaluate.experiments import saved
    from rag.evaluate.experiments.pipelines import resolve
    from rag.evaluate.measures.figures import figures, outside
    from rag.evaluate.measures.gates import check, parse_gate
    from rag.evaluate.measures.metrics import DEFAULT, checked

    gates = [parse_gate(text) for text in gate or ()]
    asked = [checked(name) for name in metric or ()]
    bounded = [g.metric for g in gates if not g.metric.endswith("_ms")]
    if replay:
        evaluation = saved.load(Path(source).expanduser())
    else:
        settings = settings_for(ctx, library)
        variants = resolve(settings, pipeline or ())
        with prepared(settings, source, work, limit) as ready:
            evaluation = _run(ready, variants, frozen, answers)
    found = figures(evaluation, (*DEFAULT, *asked, *bounded))
    if save:
        saved.save(evaluation, save)
    if runs:
        _write_runs(evaluation, runs)
    if report:
        from rag.evaluate.reports.report import write

        write(found, report)
    if as_json:
        print(json.dumps(outside(found), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        from ui.cli.evaluation_tables import show

        show(found)
    outcomes = [check(one, found) for one in gates]
    for outcome in outcomes:
        print(outcome, file=sys.stderr)
    if not all(outcome.passed for outcome in outcomes):
        raise typer.Exit(1)


def _write_runs(evaluation: Evaluation, folder: Path) -> None:
    from rag.evaluate.judgements.trec import encoded, to_run

    folder.mkdir(parents=True, exist_ok=True)
    for run in evaluation.runs:
        for stage in run.stages:
            name = encoded(f"{run.name}.{stage}").replace("/", "_")
            (folder / f"{name}.run").write_text(to_run(run, stage), "utf-8")


@dataclass(frozen=True, slots=True)
class Ready:
    """A library that is ready to be asked, with the questions and what is relevant to them."""

    name: str
    library: Library
    questions: tuple[Question, ...]
    grades: Grades
    unit: Unit
    notes: tuple[str, ...]
    stop: threading.Event


@contextmanager
def prepared(
    settings: Settings, source: str, work: Path | None, limit: int | None
) -> Iterator[Ready]:
    """Open the library that ``source`` is evaluated on; Ctrl-C stops it cleanly."""
    from ui.cli.progress import stop_on_interrupt

    with stop_on_interrupt() as stop:
        folder = Path(source).expanduser()
        opened = _folder if folder.is_dir() or "/" in source else _question_set
        with opened(settings, source, work, limit, stop) as ready:
            yield ready


@contextmanager
def _folder(
    settings: Settings, source: str, work: Path | None, limit: int | None, stop: threading.Event
) -> Iterator[Ready]:
    from ingest import datasets
    from ingest.datasets import prepare
    from ranklens.datasets import open_library as datasets_open

    dataset = datasets.read(Path(source)).limited(limit)
    folder = work.expanduser().absolute() if work else prepare.work_folder(settings, dataset)
    with datasets_open(settings, folder) as library:
        if not prepare.fill(library, dataset, Lines("indexing").progress, stop):
            _interrupted()
        grades, notes = prepare.grades_for(library, dataset)
        yield Ready(dataset.name, library, dataset.questions, grades, dataset.unit, notes, stop)


@contextmanager
def _question_set(
    settings: Settings, source: str, work: Path | None, limit: int | None, stop: threading.Event
) -> Iterator[Ready]:
    from rag.evaluate.judgements.question_sets import QuestionSets
    from rag.evaluate.judgements.store import JudgementStore

    if work:
        raise typer.BadParameter("--work is for folders; a question set uses the library")
    with open_library(settings) as library:
        sets = QuestionSets(library.index.catalogue)
        if source not in sets.names():
            there = ", ".join(sets.names()) or "none"
            raise LibraryError(
                f"{source!r} is neither a folder nor a question set of {settings.library} "
                f"(there are {there})"
            )
        questions = sets.questions(source)[:limit]
        judged = JudgementStore(library.index.catalogue).qrels([q.text for q in questions])
        grades = {q.id: judged.grades[q.text] for q in questions if q.text in judged.grades}
        yield Ready(source, library, questions, grades, judged.unit, judged.notes, stop)


def _run(
    ready: Ready, variants: dict[str, dict[str, object]], frozen: bool, answers: bool
) -> Evaluation:
    from rag.evaluate.experiments.run import Interrupted, evaluate

    lines = Lines("questions")
    try:
        return evaluate(
            ready.name,
            ready.library.pipeline,
            variants,
            ready.questions,
            ready.grades,
            ready.unit,
            frozen=frozen,
            answers=answers,
            notes=ready.notes,
            on_progress=lines.count,
            stop=ready.stop,
        )
    except Interrupted as error:
        print(error, file=sys.stderr)
        _interrupted()


def _interrupted() -> NoReturn:
    print("Stopped; the same command goes on where it was", file=sys.stderr)
    raise typer.Exit(130)


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
