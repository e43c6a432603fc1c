"""`judge`: grade the passages that tell pipelines apart soonest, one after the other."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.evaluation import Pipelines
from ui.cli.options import CollectionOption, JsonOption, LibraryOption, open_library, settings_for
from ui.cli.words import clean

if TYPE_CHECKING:
    from ranklens.comparison import ComparedRankings, UsefulPassage
    from ranklens.library import Library

NOTHING = "Nothing is left to judge."
ASKED = "Grade 0 to 3, s to skip, q to end"


def judge(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="SET", help="A question set of the library.")],
    pipeline: Pipelines = None,
    judge: Annotated[str, typer.Option(metavar="NAME", help="Who judges.")] = "me",
    show: Annotated[
        int | None, typer.Option("--list", metavar="N", min=1, help="List the next N instead.")
    ] = None,
    as_json: JsonOption = False,
    collection: CollectionOption = "",
    library: LibraryOption = None,
) -> None:
    """Judge what tells two pipelines or more apart soonest; shows the verdict after every grade.

    Every question is searched with every pipeline first (`none` and `current` without --pipeline).
    """
    from ranklens import comparison
    from ranklens.comparing import resolve
    from ui.cli.progress import CountingBar, stop_on_interrupt

    settings = settings_for(ctx, library)
    variants = resolve(settings, pipeline or ("none", "current"), owner=True)
    with open_library(settings) as opened:
        with stop_on_interrupt() as stop, CountingBar() as bar:
            compared = comparison.rank_all(opened, name, variants, collection, bar, stop)
        for failure in compared.failures:
            print(f"failed: {clean(failure)}", file=sys.stderr)
        if as_json:
            reply = comparison.outside(opened, compared, show or 10)
            print(clean(json.dumps(reply, ensure_ascii=False, indent=2)))
        elif show:
            found = comparison.useful(opened, compared, show)
            for one in found:
                _show(one)
            if not found:
                print(NOTHING)
        else:
            _ask(opened, compared, judge)


def _ask(library: Library, compared: ComparedRankings, judge: str) -> None:
    """Ask for one grade after the other until nothing is left or the judge ends it."""
    from ranklens import comparison

    skipped: set[tuple[str, str]] = set()
    while found := comparison.useful(library, compared, 1, skipped):
        (one,) = found
        _show(one)
        typed = typer.prompt(ASKED).strip().lower()
        if typed == "q":
            break
        if typed == "s":
            skipped.add((one.question.id, one.passage.id))
        elif typed in ("0", "1", "2", "3"):
            library.judgements.grade(one.question.text, one.passage, int(typed), judge)
            for line in comparison.summary(library, compared):
                print(clean(line))
        else:
            print(f"{clean(typed)} is no grade")
    if not found:
        print(NOTHING)


def _show(one: UsefulPassage) -> None:
    print(f"\n{clean(one.question.text)}\n  {clean(one.passage.document)}: "
          f"{clean(' '.join(one.passage.text.split()))}\n  {one.why}")  # fmt: skip
