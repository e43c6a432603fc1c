"""`learn` and `tune`: a reranker made of judgements, what it is worth, and whether it is used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

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
    from types import ModuleType

    from rag.settings import Settings
    from ranklens.trained import TrainedVersion

JudgedSource = Annotated[
    str | None,
    typer.Argument(metavar="[DIR|SET]", help="What is judged, as for `eval`; none: list versions."),
]
Adopt = Annotated[
    bool, typer.Option("--adopt", help="Use the newest version, if its gain is shown.")
]
Version = Annotated[int | None, typer.Option(metavar="N", help="The version for --adopt.")]
Back = Annotated[bool, typer.Option("--back", help="Take the last --adopt back.")]
HEADER = ("version", "made", "from", "questions", "gain in nDCG@10", "95 % interval", "")


def learn(
    ctx: typer.Context, source: JudgedSource = None, limit: Limit = None,
    reranker: RerankerOption = None, adopt: Adopt = False, version: Version = None,
    back: Back = False,
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
    from ranklens import learning

    settings = settings_for(ctx, library, reranker=reranker)
    if source is None or adopt or back:
        _use_or_list(learning, settings, source, adopt, version, back)
        return
    with prepared(settings, source, work, limit, collection) as (judged, bar, stop):
        report = learning.learn(judged, {}, others=others or (), on_progress=bar, stop=stop)
    _show(learning, report, as_json)


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
    limit: Limit = None, reranker: RerankerOption = None, adopt: Adopt = False,
    version: Version = None, back: Back = False, as_json: JsonOption = False,
    work: WorkOption = None, collection: CollectionOption = "", library: LibraryOption = None,
) -> None:  # fmt: skip
    """Tune a cross-encoder on judgements and show what it gains on questions it did not see.

    Takes minutes to hours without a graphics processor; what was interrupted goes on with the same
    command. Nothing is changed until --adopt; --back goes one step back. Without all of these, the
    versions are listed. Needs the extra `train`.
    """
    from ranklens import tuning

    settings = settings_for(ctx, library, reranker=reranker)
    sizes = tuning.SIZES if curve else ()
    wishes = tuning.TuningWishes(base, epochs, negatives, rate, batch, tokens, sizes)
    if source is None or adopt or back:
        _use_or_list(tuning, settings, source, adopt, version, back)
        return
    tuning.check(settings, wishes)
    with prepared(settings, source, work, limit, collection) as (judged, bar, stop):
        report = tuning.tune(judged, {}, wishes, on_progress=bar, stop=stop)
    _show(tuning, report, as_json)


def _show(kind: ModuleType, report: Any, as_json: bool) -> None:
    from ui.cli.evaluation_tables import show_fit

    if as_json:
        print(json.dumps(kind.outside(report), ensure_ascii=False, indent=2))
        return
    show_fit(report.summary())
    print(f"{kind.KIND.source} in {duration(report.seconds)}")


def _use_or_list(
    kind: ModuleType, settings: Settings, source: str | None, adopt: bool, version: int | None,
    back: bool,
) -> None:  # fmt: skip
    """Adopt a version or go back, or else list them."""
    from ui.cli.show import table

    if source or (adopt and back):
        raise typer.BadParameter("--adopt and --back stand alone")
    with open_library(settings) as library:
        if adopt or back:
            now = kind.adopt(library, version) if adopt else kind.back(library)
            named = f"version {now.version}" if now else f"no {kind.KIND.source} version"
            print(f"in use: {named}")
            return
        found, now = kind.versions(library), kind.adopted(library)
    table(HEADER, [_row(one, one == now) for one in found])


def _row(one: TrainedVersion, used: bool) -> tuple[str, ...]:
    mean, low, high = (f"{value:+.3f}" for value in one.gain)
    about = "in use" if used else "" if one.shown else "no gain shown"
    return (str(one.version), one.made, clean(one.name), str(one.questions), mean,
            f"{low} to {high}", about)  # fmt: skip
