"""`questions` and `judgements`: question sets and judgements of the library, in and out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.text.plural import plural
from ui.cli.evaluation import Limit, Pipelines
from ui.cli.options import CollectionOption, LibraryOption, open_library, settings_for
from ui.cli.words import clean

if TYPE_CHECKING:
    from ranklens.judging import Agreement

SetOption = Annotated[
    str, typer.Option("--set", metavar="NAME", help="Question set; needed for qrels.")
]
JudgeOption = Annotated[
    str, typer.Option("--judge", metavar="NAME", help="Judge of rows that name none.")
]
FileArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help="File to read; without one, all are listed."),
]


def questions(
    ctx: typer.Context, file: FileArgument = None, name: SetOption = "",
    judge: JudgeOption = "import", collection: CollectionOption = "",
    write: Annotated[
        str, typer.Option(metavar="DOCUMENT", help="Let the model write questions from it.")
    ] = "",
    count: Annotated[int, typer.Option(min=1, help="How many it writes.")] = 10,
    yes: Annotated[bool, typer.Option("--yes", help="Keep them all without asking.")] = False,
    library: LibraryOption = None,
) -> None:  # fmt: skip
    """List the question sets, or store one from a file or from what a model writes.

    CSV, JSON Lines, TREC topics or a folder in BEIR's layout. Quotes that answer a question
    become judgements; those of a model are kept apart from people's. A set is asked within its
    collection.
    """
    if write:
        from ui.cli.proposing import write_questions

        write_questions(settings_for(ctx, library), write, name, count, yes, collection)
        return
    from ranklens.question_sets import import_questions
    from ui.cli.show import table

    with open_library(settings_for(ctx, library)) as opened:
        if file is None:
            held = opened.question_sets
            sizes = held.sizes(collection)
            rows = [(n, str(count), held.collection_of(n)) for n, count in sizes.items()]
            table(("set", "questions", "collection"), rows)
            return
        made = import_questions(opened, file.expanduser(), name, judge, collection)
    counts = f"{plural(made.questions, 'question')} and {plural(made.judgements, 'judgement')}"
    print(f"{counts} in the set {clean(made.name)}")


def judgements(
    ctx: typer.Context, file: FileArgument = None, name: SetOption = "",
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write them: .csv, else TREC qrels.")
    ] = None,
    judge: JudgeOption = "import",
    propose: Annotated[
        str, typer.Option(metavar="SET", help="Let the model grade what a set's questions find.")
    ] = "",
    audit: Annotated[
        str,
        typer.Option(metavar="SET", help="Correct figures by a model's grades with people's."),
    ] = "",
    pipeline: Pipelines = None,
    depth: Annotated[
        int, typer.Option(min=1, help="First passages of every stage that the model grades.")
    ] = 10,
    limit: Limit = None,
    library: LibraryOption = None,
) -> None:  # fmt: skip
    """Show how many judgements there are and how far judges agree, or read or write them.

    A file that ends in .csv is CSV, any other TREC qrels. What a model proposes is kept apart;
    --audit shows its figures, corrected by what people graded of a random sample.
    """
    if propose:
        from ui.cli.proposing import propose_grades

        propose_grades(settings_for(ctx, library), propose, pipeline or (), depth, limit)
        return
    if audit:
        from ui.cli.auditing import show_audit

        show_audit(settings_for(ctx, library), audit, pipeline or ("none", "current"))
        return
    from ranklens.judging import export_judgements, import_judgements, is_csv, judges_agreement

    with open_library(settings_for(ctx, library)) as opened:
        lost = opened.judgements.refresh().lost
        if lost:
            words = plural(lost, "judgement is lost: its", "judgements are lost: their")
            print(f"{words} text is gone", file=sys.stderr)
        if not name and any(not is_csv(path) for path in (file, export) if path):
            raise typer.BadParameter("qrels need a question set: --set NAME")
        asked = opened.question_sets.questions(name) if name else ()
        if file:
            count = import_judgements(opened, file.expanduser(), asked, judge)
            print(f"{plural(count, 'judgement')} read")
        if export:
            export.write_text(export_judgements(opened, export, asked), "utf-8")
            print(f"written: {export}")
        if not file and not export:
            _summary(judges_agreement(opened))


def _summary(found: Agreement) -> None:
    from ui.cli.show import table

    rows = [
        (
            c.judge,
            c.source,
            *map(str, (c.judgements, c.accepted, c.lost)),
            ", ".join(c.requested_by),
        )
        for c in found.judges
    ]
    table(("judge", "source", "judgements", "accepted", "lost", "requested by"), rows)
    for pair in found.pairs:
        values = (("kappa", pair.kappa), ("weighted", pair.weighted), ("alpha", pair.alpha))
        shown = [f"{name} {value:.3f}" for name, value in values if value is not None]
        if shown:
            print(clean(f"{pair.who}: {', '.join(shown)} over {plural(pair.shared, 'item')}"))
    if found.alpha is not None:
        print(f"Krippendorff's alpha of the people: {found.alpha:.3f}")
