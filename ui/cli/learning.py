"""`learn`: a reranker learned from judgements, what it is worth, and whether it is used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.evaluation import Limit, WorkOption, prepared
from ui.cli.options import (
    CollectionOption,
    JsonOption,
    LibraryOption,
    RerankerOption,
    open_library,
    settings_for,
)
from ui.cli.words import clean, duration

if TYPE_CHECKING:
    from rag.settings import Settings
    from ranklens.learning import LearnedWeights
    from ranklens.tuning import TunedVersion

JudgedSource = Annotated[
    str | None,
    typer.Argument(metavar="[DIR|SET]", help="What is judged, as for `eval`; none: list versions."),
]
HEADER = ("version", "made", "from", "questions", "gain in nDCG@10", "95 % interval", "")


def learn(
    ctx: typer.Context, source: JudgedSource = None, limit: Limit = None,
    reranker: RerankerOption = None,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Use the newest version, if its gain is shown.")
    ] = False,
    version: Annotated[
        int | None, typer.Option(metavar="N", help="The version for --adopt.")
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="Take the last --adopt back.")] = False,
    others: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="NAME", help="Weigh this reranker's score too. Repeatable."),
    ] = None,
    as_json: JsonOption = False, work: WorkOption = None, collection: CollectionOption = "",
    library: LibraryOption = None,
) -> None:  # fmt: skip
    """Learn a reranker from judgements and show what it gains on questions it did not see.

    Nothing is changed until --adopt; --back goes one step back. Without all of these, the versions
    are listed.
    """
    settings = settings_for(ctx, library, reranker=reranker)
    if adopt or back:
        if source or (adopt and back):
            raise typer.BadParameter("--adopt and --back stand alone")
        _use(settings, adopt, version)
    elif source:
        _learn(settings, source, limit, work, collection, as_json, others or ())
    else:
        _list(settings)


def _learn(
    settings: Settings, source: str, limit: int | None, work: Path | None, collection: str,
    as_json: bool, others: Sequence[str],
) -> None:  # fmt: skip
    from ranklens import learning
    from ui.cli.evaluation_tables import show_fit

    with prepared(settings, source, work, limit, collection) as (judged, bar, stop):
        report = learning.learn(judged, {}, others=others, on_progress=bar, stop=stop)
    if as_json:
        print(json.dumps(learning.outside(report), ensure_ascii=False, indent=2))
        return
    show_fit(report.summary())
    print(f"learned in {duration(report.seconds)}")


def _use(settings: Settings, adopt: bool, version: int | None) -> None:
    from ranklens import learning

    with open_library(settings) as library:
        now = learning.adopt(library, version) if adopt else learning.back(library)
    print(f"in use: version {now.version}" if now else "in use: no learned version")


def _list(settings: Settings) -> None:
    from ranklens import learning
    from ui.cli.show import table

    with open_library(settings) as library:
        found, now = learning.versions(library), learning.adopted(library)
    table(HEADER, [version_row(one, one == now) for one in found])


def version_row(one: LearnedWeights | TunedVersion, used: bool) -> tuple[str, ...]:
    """Return a version as a row below `HEADER`."""
    mean, low, high = (f"{value:+.3f}" for value in one.gain)
    about = "in use" if used else "" if one.shown else "no gain shown"
    return (str(one.version), one.made, clean(one.name), str(one.questions), mean,
            f"{low} to {high}", about)  # fmt: skip
