"""`models` and `models pull`: what rerankers and encoders need, what is here, how to get it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.options import JsonOption, settings_for

if TYPE_CHECKING:
    from ranklens.models import ListedModel, Progress

HEADER = ("model", "used by", "size", "licence", "on this machine", "speed here")

app = typer.Typer(help="Show what rerankers and encoders need, and download models.")


@app.callback(invoke_without_command=True)
def models(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show what rerankers and encoders need and what of it is on this machine."""
    if ctx.invoked_subcommand:
        return
    from ranklens.models import as_json as as_outside
    from ranklens.models import listed, rerankers
    from ranklens.speeds import kept

    settings = settings_for(ctx, None)
    if as_json:
        print(json.dumps(as_outside(settings), ensure_ascii=False, indent=2))
        return
    from ui.cli.show import table

    items, runners = listed(settings), rerankers(settings)
    known = {name: speed.words for name, speed in kept(settings).items()}
    table(HEADER, [(*_row(item), known.get(item.model.name, "")) for item in items])
    print()
    above = {name for item in items if not item.folder for name in item.used_by}
    others = [(one.name, one.reason or "yes") for one in runners if one.name not in above]
    table(("other rerankers", "can run here"), others)
    print("\n`ranklens models pull NAME` downloads a model; `ranklens models speed` measures them")


@app.command()
def speed(ctx: typer.Context) -> None:
    """Measure how fast the models are that are on this machine; some seconds each."""
    from ranklens import speeds
    from ranklens.models import listed

    settings = settings_for(ctx, None)
    for item in listed(settings):
        if item.folder and speeds.measurable(item.model):
            name = item.model.name
            print(f"{name}: {speeds.measure(settings, name).words}", flush=True)


@app.command()
def pull(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A model of `ranklens models`, or owner/name.")
    ],
) -> None:
    """Download a model from the hub; HF_ENDPOINT, HF_HOME and HF_TOKEN are honoured."""
    from ranklens import models
    from ui.cli.progress import ProgressBar

    with ProgressBar() as bar:

        def show(model: str, progress: Progress) -> None:
            if progress.total:
                size = f"{progress.done / 1e6:.0f} of {progress.total / 1e6:.0f} MB"
                bar.show(f"{model} · {size} · {progress.file}", progress.done, progress.total)

        model, folder = models.pull(name, show)
    if folder is None:
        print(f"{model} comes with Ranklens; there is nothing to download")
    else:
        print(f"{model} is here: {folder}")


def _row(item: ListedModel) -> tuple[str, ...]:
    note = f" ({item.model.note})" if item.model.note and not item.model.embedded else ""
    users = ", ".join(item.used_by)
    return (item.model.name, users, item.size, item.licence, item.state + note)
