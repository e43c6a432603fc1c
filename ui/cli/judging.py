"""`questions` and `judgements`: question sets and judgements of the library, in and out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.errors import RanklensError
from ui.cli.options import LibraryOption, open_library, settings_for
from ui.cli.words import clean

if TYPE_CHECKING:
    from ingest.library import Library
    from rag.evaluate.judgement import Judgement
    from rag.evaluate.trec import TextOf

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
    judge: JudgeOption = "import", library: LibraryOption = None,
) -> None:  # fmt: skip
    """List the question sets, or store one from a file.

    CSV, JSON Lines, TREC topics or a folder in BEIR's layout. Quotes that answer a question
    become judgements.
    """
    from ingest.datasets.questions import read
    from rag.evaluate.judgements import Judgements
    from rag.evaluate.questions import QuestionSets
    from ui.cli.show import table

    with open_library(settings_for(ctx, library)) as opened:
        sets = QuestionSets(opened.index.catalogue)
        if file is None:
            table(("set", "questions"), [(n, str(count)) for n, count in sets.sizes().items()])
            return
        held, golds = read(file.expanduser())
        made = _from_golds(opened, held, golds, judge)
        name = name or file.name.split(".")[0]
        sets.put(name, held)
        Judgements(opened.index.catalogue).add(made)
    print(f"{len(held)} questions and {len(made)} judgements in the set {clean(name)}")


def judgements(
    ctx: typer.Context, file: FileArgument = None, name: SetOption = "",
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write them: .csv, else TREC qrels.")
    ] = None,
    judge: JudgeOption = "import", library: LibraryOption = None,
) -> None:  # fmt: skip
    """Show how many judgements there are and how far judges agree, or read or write them.

    A file that ends in .csv is CSV, any other TREC qrels.
    """
    from rag.evaluate.judgement_csv import from_csv, to_csv
    from rag.evaluate.judgements import Judgements
    from rag.evaluate.questions import QuestionSets
    from rag.evaluate.trec import from_qrels, to_qrels

    with open_library(settings_for(ctx, library)) as opened:
        held = Judgements(opened.index.catalogue)
        carried = held.refresh()
        if carried.lost:
            print(f"{carried.lost} judgements are lost: their text is gone", file=sys.stderr)
        files = [path for path in (file, export) if path and path.suffix.lower() != ".csv"]
        if files and not name:
            raise typer.BadParameter("qrels need a question set: --set NAME")
        asked = QuestionSets(opened.index.catalogue).questions(name) if name else ()
        if file:
            text, source = _read(file), str(file)
            made = (
                from_csv(text, _text_of(opened), judge, source)
                if file.suffix.lower() == ".csv"
                else from_qrels(text, asked, _text_of(opened), judge, name=source)
            )
            print(f"{held.add(made)} judgements read")
        if export:
            csv = export.suffix.lower() == ".csv"
            export.write_text(to_csv(held.all()) if csv else to_qrels(held.all(), asked), "utf-8")
            print(f"written: {export}")
        if not file and not export:
            _summary(held.all())


def _summary(held: list[Judgement]) -> None:
    from rag.evaluate.agreement import krippendorff_alpha, pairwise
    from ui.cli.show import table

    by_judge: dict[tuple[str, str], list[Judgement]] = {}
    grades: dict[str, dict[str, int]] = {}
    for one in held:
        by_judge.setdefault((one.judge, one.source), []).append(one)
        item = f"{one.question}\n{one.document}\n{one.start}-{one.end}"
        grades.setdefault(f"{one.judge} ({one.source})", {})[item] = one.grade
    rows = [
        (judge, source, str(len(made)), str(sum(m.status == "lost" for m in made)))
        for (judge, source), made in by_judge.items()
    ]
    table(("judge", "source", "judgements", "lost"), rows)
    for (first, second), (shared, kappa) in pairwise(grades).items():
        if kappa is not None:
            print(f"{first} and {second}: kappa {kappa:.3f} over {shared} items")
    items = [
        [made[item] for name, made in grades.items() if item in made and "(llm)" not in name]
        for item in dict.fromkeys(item for made in grades.values() for item in made)
    ]
    alpha = krippendorff_alpha(items)
    if alpha is not None:
        print(f"Krippendorff's alpha of the people: {alpha:.3f}")


def _from_golds(opened: Library, held: tuple, golds: tuple, judge: str) -> list[Judgement]:
    from rag.evaluate.faults import raise_faults
    from rag.evaluate.judgement import Judgement
    from rag.evaluate.locate import locate

    words = {question.id: question.text for question in held}
    text_of, made, faults = _text_of(opened), [], []
    for gold in golds:
        found = text_of(gold.document)
        span = locate(gold.quote, found[1], gold.start, loose=True) if found else None
        if found is None or span is None:
            why = (
                "its document is not in the library" if found is None else "its quote is not there"
            )
            faults.append(f"question {gold.question}: {why} ({gold.document})")
            continue
        made.append(
            Judgement(
                words[gold.question], gold.document, found[0], *span,
                found[1][slice(*span)], gold.grade, judge, "import",
            )
        )  # fmt: skip
    raise_faults("the questions' quotes", faults)
    return made


def _text_of(opened: Library) -> TextOf:
    from functools import cache

    catalogue = opened.index.catalogue

    @cache
    def text_of(name: str) -> tuple[str, str] | None:
        for document in catalogue.documents("ready", name=name):
            stored = catalogue.document_text(document.id)
            return (document.digest, stored[0]) if stored else None
        return None

    return text_of


def _read(path: Path) -> str:
    try:
        return path.expanduser().read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RanklensError(f"{path} cannot be read: {error}") from None
