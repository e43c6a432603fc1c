"""`tune`: a cross-encoder tuned on judgements, what it is worth, and whether it is used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.evaluation import Limit, WorkOption, prepared
from ui.cli.learning import HEADER, JudgedSource, version_row
from ui.cli.options import (
    CollectionOption,
    JsonOption,
    LibraryOption,
    RerankerOption,
    open_library,
    settings_for,
)
from ui.cli.words import duration

if TYPE_CHECKING:
    from rag.settings import Settings
    from ranklens.tuning import TuningWishes


def tune(
    ctx: typer.Context, source: JudgedSource = None,
    base: Annotated[
        str, typer.Option(metavar="MODEL", help="A checkpoint on this machine: a name or a folder.")
    ] = "",
    epochs: Annotated[int, typer.Option(metavar="N", help="Passes over the pairs.")] = 2,
    negatives: Annotated[
        int, typer.Option(metavar="N", help="Passages that are not relevant, a question.")
    ] = 7,
    rate: Annotated[float, typer.Option(metavar="RATE", help="Learning rate.")] = 5e-5,
    batch: Annotated[int, typer.Option(metavar="N", help="Pairs of a step.")] = 16,
    tokens: Annotated[int, typer.Option(metavar="N", help="Most tokens that a pair has.")] = 256,
    curve: Annotated[
        bool, typer.Option("--curve", help="Learning curve too: a training more for each size.")
    ] = False,
    limit: Limit = None, reranker: RerankerOption = None,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Use the newest version, if its gain is shown.")
    ] = False,
    version: Annotated[
        int | None, typer.Option(metavar="N", help="The version for --adopt.")
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="Take the last --adopt back.")] = False,
    as_json: JsonOption = False, work: WorkOption = None, collection: CollectionOption = "",
    library: LibraryOption = None,
) -> None:  # fmt: skip
    """Tune a cross-encoder on judgements and show what it gains on questions it did not see.

    Takes minutes to hours without a graphics processor; what was interrupted goes on with the same
    command. Nothing is changed until --adopt; --back goes one step back. Without all of these, the
    versions are listed. Needs the extra `train`.
    """
    from ranklens.tuning import SIZES, TuningWishes

    settings = settings_for(ctx, library, reranker=reranker)
    if adopt or back:
        if source or (adopt and back):
            raise typer.BadParameter("--adopt and --back stand alone")
        _use(settings, adopt, version)
    elif source:
        wishes = TuningWishes(base, epochs, negatives, rate, batch, tokens, SIZES if curve else ())
        _tune(settings, source, wishes, limit, work, collection, as_json)
    else:
        _list(settings)


def _tune(
    settings: Settings, source: str, wishes: TuningWishes, limit: int | None, work: Path | None,
    collection: str, as_json: bool,
) -> None:  # fmt: skip
    from ranklens import tuning
    from ui.cli.evaluation_tables import show_fit

    tuning.check(settings, wishes)
    with prepared(settings, source, work, limit, collection) as (judged, bar, stop):
        report = tuning.tune(judged, {}, wishes, on_progress=bar, stop=stop)
    if as_json:
        print(json.dumps(tuning.outside(report), ensure_ascii=False, indent=2))
        return
    show_fit(report.summary())
    print(f"tuned in {duration(report.seconds)}")


def _use(settings: Settings, adopt: bool, version: int | None) -> None:
    from ranklens import tuning

    with open_library(settings) as library:
        now = tuning.adopt(library, version) if adopt else tuning.back(library)
    print(f"in use: version {now.version}" if now else "in use: no tuned version")


def _list(settings: Settings) -> None:
    from ranklens import tuning
    from ui.cli.show import table

    with open_library(settings) as library:
        found, now = tuning.versions(library), tuning.adopted(library)
    table(HEADER, [version_row(one, one == now) for one in found])
