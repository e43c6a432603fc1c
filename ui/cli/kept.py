"""`evaluations`: those that the library keeps, listed, shown, compared and deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.options import JsonOption, LibraryOption, open_library, settings_for
from ui.cli.words import clean

if TYPE_CHECKING:
    from ranklens.evaluations import EvaluationChanges, EvaluationRecord

HEADER = ("id", "set", "measured (UTC)", "questions", "result", "Ranklens")


def evaluations(
    ctx: typer.Context,
    key: Annotated[
        str, typer.Argument(metavar="[ID]", help="One to show, or `last`; all are listed without.")
    ] = "",
    against: Annotated[
        str, typer.Option(metavar="ID", help="An earlier one to compare it with.")
    ] = "",
    delete: Annotated[bool, typer.Option("--delete", help="Delete it.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """List the evaluations that the library keeps, show one, or compare two of them."""
    from ranklens import evaluations as kept
    from ranklens import measuring
    from ui.cli.evaluation_tables import show_evaluation

    if not key and (delete or against):
        raise typer.BadParameter("name an evaluation: its id, or `last`")
    with open_library(settings_for(ctx, library)) as opened:
        if not key:
            _list(kept.listed(opened), as_json)
        elif delete:
            kept.listed(opened)
            opened.evaluations.remove(key)
            print(f"{clean(key)}: deleted")
        elif against:
            _show_changes(kept.changes(opened, against, key))
        elif as_json:
            print(kept.figures_as_json(measuring.figures_of(kept.present(opened, key))))
        else:
            show_evaluation(measuring.figures_of(kept.present(opened, key)))


def _list(held: list[EvaluationRecord], as_json: bool) -> None:
    from ranklens.evaluations import as_json as record_as_json
    from ui.cli.show import table

    if as_json:
        print(json.dumps([record_as_json(one) for one in held], ensure_ascii=False, indent=2))
        return
    table(HEADER, [_row(one) for one in held])


def _row(one: EvaluationRecord) -> tuple[str, ...]:
    result = ", ".join(
        f"{p.label} {'–' if p.quality is None else f'{p.quality:.3f}'}" for p in one.pipelines
    )
    made = one.made.isoformat(" ", "minutes")[:16]
    return (one.id, clean(one.name), made, str(one.questions), clean(result), one.program)


def _show_changes(found: EvaluationChanges) -> None:
    for title, before, after in found.facts:
        print(f"{title}: {clean(before)} → {clean(after)}")
    for pipeline in found.pipelines:
        print(clean(pipeline.sentence))
        print(f"  {pipeline.difference.verdict}")
        for name, before, after in pipeline.options:
            print(f"  {name}: {clean(before)} → {clean(after)}")
    for note in found.notes:
        print(clean(note))
