"""`sweep`: chunk sizes, encoders and ranking options compared, and the best ones tested."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.errors import SettingsError
from ui.cli.evaluation import Limit, WorkOption, prepared
from ui.cli.options import CollectionOption, JsonOption, LibraryOption, settings_for
from ui.cli.words import clean

FILE_KEYS = ("questions", "method", "measure", "minutes", "index_mb", "save_as", "try")
SweptSource = Annotated[
    str, typer.Argument(metavar="[DIR|SET]", help="What is judged, as for `eval`.")
]
Tried = Annotated[
    list[str] | None,
    typer.Option(
        "--try", metavar="OPTION=A,B", help="An option and values beside the present. Repeatable."
    ),
]


def sweep(
    ctx: typer.Context, source: SweptSource = "", tried: Tried = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A TOML file with all of this.")
    ] = None,
    grid: Annotated[
        bool, typer.Option("--grid", help="Every question of every configuration.")
    ] = False,
    measure: Annotated[
        str, typer.Option(metavar="NAME", help="auto, found@10k or evidence.")
    ] = "",
    minutes: Annotated[
        float | None, typer.Option(metavar="N", min=0, help="The time for choosing.")
    ] = None,
    index_mb: Annotated[
        int | None, typer.Option(metavar="MB", min=1, help="Room for other indexes.")
    ] = None,
    save_as: Annotated[
        str, typer.Option(metavar="NAME", help="Save the best of this index as a pipeline.")
    ] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Measure anew what is measured already.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the sweep as a HTML page.")
    ] = None,
    limit: Limit = None, as_json: JsonOption = False, work: WorkOption = None,
    collection: CollectionOption = "", library: LibraryOption = None,
) -> None:  # fmt: skip
    """Try chunk sizes, encoders and ranking options, and test the best on other questions.

    Half of the judged questions choose, by successive halving or by a grid; the other half shows
    what the choice is worth. The same command goes on where it was stopped.
    """
    from ranklens import sweeping
    from ui.cli.evaluation_tables import show_sweep

    given = _from_file(file) if file else {}
    source = source or str(given.pop("questions", ""))
    if not source:
        raise typer.BadParameter("name a folder or a question set")
    flags = {"minutes": minutes, "index_mb": index_mb, "save_as": save_as, "measure": measure}
    given |= {name: value for name, value in flags.items() if value}
    if grid:
        given["method"] = "grid"
    wanted = {**given.pop("try", {}), **_options(tried or ())}
    wishes = sweeping.SweepWishes(tried=wanted, again=again, **given)
    settings = settings_for(ctx, library)
    with prepared(settings, source, work, limit, collection) as (judged, bar, stop):
        found = sweeping.sweep(judged, wishes, owner=True, on_progress=bar, stop=stop)
    if report:
        report.expanduser().write_text(sweeping.html(found), "utf-8")
    if as_json:
        print(clean(json.dumps(sweeping.outside(found), ensure_ascii=False, indent=2)))
    else:
        show_sweep(sweeping.summarise(found))


def _options(tried: list[str] | tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in tried:
        name, sign, values = one.partition("=")
        if not sign:
            raise typer.BadParameter(f"--try {one!r} is not of the form option=value,value")
        found.setdefault(name.strip(), []).extend(part.strip() for part in values.split(","))
    return found


def _from_file(path: Path) -> dict[str, Any]:
    """Return the wishes in a TOML file; raises `SettingsError`."""
    try:
        found = tomllib.loads(path.expanduser().read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}") from None
    for name in found:
        if name not in FILE_KEYS:
            raise SettingsError(f"{path}: unknown key {name!r}; there are {', '.join(FILE_KEYS)}")
    tried = found.get("try", {})
    if not isinstance(tried, dict) or not all(isinstance(v, list) for v in tried.values()):
        raise SettingsError(f"{path}: [try] has lists, such as chunk_tokens = [100, 300]")
    return found
