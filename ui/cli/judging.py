"""`questions` and `judgements`: question sets and judgements of the library, in and out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.text.plural import plural
from ui.cli.evaluation import Limit, Pipelines
from ui.cli.options import LibraryOption, open_library, settings_for
from ui.cli.words import clean

if TYPE_CHECKING:
    from rag.evaluate.judgements.record import Judgement
    from ranklens.library import Library

SetOption = Annotated[
    str, typer.Option("--set", metavar="NAME", help="Question set; needed for qrels.")
]
JudgeOption = Annotated[
    str, typer.Option("--judge", metavar="NAME", help="Judge of rows that name none.")
]
FileArgument = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="File to read; lists what there is without.")
]


def questions(
    ctx: typer.Context, file: FileArgument = None, name: SetOption = "",
    judge: JudgeOption = "import",
    write: Annotated[
        str, typer.Option(metavar="DOCUMENT", help="Let the model write questions from it.")
    ] = "",
    count: Annotated[int, typer.Option(min=1, help="How many it writes.")] = 10,
    yes: Annotated[bool, typer.Option("--yes", help="Keep them all without asking.")] = False,
    library: LibraryOption = None,
) -> None:  # fmt: skip
    """List the question sets, or store one from a file or from what a model writes.

    CSV, JSON Lines, TREC topics or a folder in BEIR's layout. Quotes that answer a question
    become judgements; those of a model are kept apart from people's.
    """
    if write:
        from ui.cli.proposing import write_questions

        write_questions(settings_for(ctx, library), write, name, count, yes)
        return
    from rag.evaluate.judgements.question_sets import QuestionSets
    from ui.cli.show import table

    with open_library(settings_for(ctx, library)) as opened:
        if file is None:
            sizes = QuestionSets(opened.index.catalogue).sizes()
            table(("set", "questions"), [(n, str(count)) for n, count in sizes.items()])
            return
        name = name or file.name.split(".")[0]
        asked, judged = take_in(opened, file.expanduser(), name, judge)
    held = f"{plural(asked, 'question')} and {plural(judged, 'judgement')}"
    print(f"{held} in the set {clean(name)}")


def take_in(opened: Library, file: Path, name: str, judge: str) -> tuple[int, int]:
    """Store a file as a question set, its quotes as judgements; return how many of each."""
    from ingest.datasets.anchored import judgements_from, texts
    from ingest.datasets.questions import read
    from rag.evaluate.judgements.question_sets import QuestionSets
    from rag.evaluate.judgements.store import Judgements

    catalogue = opened.index.catalogue
    held, golds = read(file)
    made = judgements_from(golds, held, texts(catalogue), judge)
    QuestionSets(catalogue).put(name, held)
    Judgements(catalogue).add(made)
    return len(held), len(made)


def judgements(
    ctx: typer.Context, file: FileArgument = None, name: SetOption = "",
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write them: .csv, else TREC qrels.")
    ] = None,
    judge: JudgeOption = "import",
    propose: Annotated[
        str, typer.Option(metavar="SET", help="Let the model grade what a set's questions find.")
    ] = "",
    pipeline: Pipelines = None,
    depth: Annotated[
        int, typer.Option(min=1, help="First passages of every stage that the model grades.")
    ] = 10,
    limit: Limit = None,
    library: LibraryOption = None,
) -> None:  # fmt: skip
    """Show how many judgements there are and how far judges agree, or read or write them.

    A file that ends in .csv is CSV, any other TREC qrels. What a model proposes is kept apart.
    """
    if propose:
        from ui.cli.proposing import propose_grades

        propose_grades(settings_for(ctx, library), propose, pipeline or (), depth, limit)
        return
    from ingest.datasets.anchored import texts
    from ingest.datasets.base import read_text
    from rag.evaluate.judgements.csv_files import from_csv, to_csv
    from rag.evaluate.judgements.question_sets import QuestionSets
    from rag.evaluate.judgements.store import Judgements
    from rag.evaluate.judgements.trec import from_qrels, to_qrels

    with open_library(settings_for(ctx, library)) as opened:
        held = Judgements(opened.index.catalogue)
        carried = held.refresh()
        if carried.lost:
            lost = plural(carried.lost, "judgement is lost: its", "judgements are lost: their")
            print(f"{lost} text is gone", file=sys.stderr)
        files = [path for path in (file, export) if path and path.suffix.lower() != ".csv"]
        if files and not name:
            raise typer.BadParameter("qrels need a question set: --set NAME")
        asked = QuestionSets(opened.index.catalogue).questions(name) if name else ()
        if file:
            text, source = read_text(file.expanduser()), str(file)
            made = (
                from_csv(text, texts(opened.index.catalogue), judge, source)
                if file.suffix.lower() == ".csv"
                else from_qrels(text, asked, texts(opened.index.catalogue), judge, name=source)
            )
            print(f"{plural(held.add(made), 'judgement')} read")
        if export:
            csv = export.suffix.lower() == ".csv"
            export.write_text(to_csv(held.all()) if csv else to_qrels(held.all(), asked), "utf-8")
            print(f"written: {export}")
        if not file and not export:
            _summary(held.all())


def _summary(held: list[Judgement]) -> None:
    from rag.evaluate.judgements.agreement import krippendorff_alpha, pairwise
    from rag.evaluate.judgements.judges import by_judge, columns, measures, models
    from rag.evaluate.judgements.record import PEOPLE
    from ui.cli.show import table

    made: dict[tuple[str, str], list[Judgement]] = {}
    for one in held:
        made.setdefault((one.judge, one.source), []).append(one)
    rows = [
        (judge, source, str(len(ones)), str(sum(one.status == "lost" for one in ones)))
        for (judge, source), ones in made.items()
    ]
    table(("judge", "source", "judgements", "lost"), rows)
    people = by_judge(held, PEOPLE)
    weighted = pairwise(people, weighted=True)
    for (first, second), (shared, kappa) in pairwise(people).items():
        values: tuple[tuple[str, float | None], ...]
        values = (("kappa", kappa), ("weighted", weighted[first, second][1]))
        _agreement(f"{first} and {second}", shared, values)
    for model, found in models(held).items():
        values = tuple(zip(("kappa", "weighted", "alpha"), measures(found), strict=True))
        _agreement(f"{model} (llm) and the people", len(found), values)
    alpha = krippendorff_alpha(list(columns(people).values()))
    if alpha is not None:
        print(f"Krippendorff's alpha of the people: {alpha:.3f}")


def _agreement(who: str, shared: int, values: tuple[tuple[str, float | None], ...]) -> None:
    told = [f"{name} {value:.3f}" for name, value in values if value is not None]
    if told:
        print(clean(f"{who}: {', '.join(told)} over {plural(shared, 'item')}"))
