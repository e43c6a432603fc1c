"""`answers`: a model grades answers, claim by claim against the evidence."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.evaluation import Limit
from ui.cli.options import JsonOption, LibraryOption, open_library, settings_for
from ui.cli.words import clean

if TYPE_CHECKING:
    from ranklens.graded_answers import AnswersGraded

HEADER = ("measure", "mean", "from", "to", "answers")
SHOWN = 20  # claims


def answers(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="[SET]", help="A question set; none with --thumbs.")
    ] = "",
    pipeline: Annotated[
        str, typer.Option(metavar="NAME", help="The pipeline that answers.")
    ] = "current",
    thumbs: Annotated[
        bool, typer.Option("--thumbs", help="Grade the answers that readers gave a thumb.")
    ] = False,
    limit: Limit = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Let the model grade answers: whether the evidence supports them, whether they answer.

    Questions with an answer in the set show context precision and recall too. --thumbs compares
    the model with readers. If a call failed, the exit code is 1.
    """
    from ranklens import graded_answers
    from ranklens.comparing import resolve
    from ranklens.judging import check_model
    from ui.cli.progress import CountingBar, stop_on_interrupt

    if bool(name) == thumbs:
        raise typer.BadParameter("name a question set, or take --thumbs")
    settings = settings_for(ctx, library)
    check_model(settings)
    with stop_on_interrupt() as stop, open_library(settings) as opened, CountingBar() as bar:
        if thumbs:
            found = graded_answers.grade_thumbs(opened, settings, limit or 50, bar, stop)
        else:
            ((_, options),) = resolve(settings, [pipeline], owner=True).items()
            found = graded_answers.grade_set(opened, settings, name, options, limit, bar, stop)
    if as_json:
        print(clean(json.dumps(graded_answers.outside(found), ensure_ascii=False, indent=2)))
    else:
        _show(found)
    for problem in (*found.problems, *found.outcome.failures):
        print(f"failed: {clean(problem)}", file=sys.stderr)
    if found.problems or found.outcome.failures:
        raise typer.Exit(1)


def _show(found: AnswersGraded) -> None:
    from ranklens import graded_answers
    from ui.cli.show import table

    keys = ("mean", "low", "high")
    table(
        HEADER,
        [
            (row["measure"], *(f"{row[key]:.3f}" for key in keys), str(row["answers"]))
            for row in graded_answers.rows(found)
        ],
    )
    for line in graded_answers.summary(found):
        print(clean(line))
    for question, claim, missing in graded_answers.unsupported(found)[:SHOWN]:
        print(clean(f"not supported: {claim} ({missing or 'no source says it'}; {question})"))
