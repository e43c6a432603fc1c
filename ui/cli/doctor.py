"""`doctor`: the machine, which engine runs and why, versions, the library and who holds it."""

from __future__ import annotations

import json

import typer

from ui.cli.options import JsonOption, LibraryOption, settings_for


def doctor(ctx: typer.Context, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Show what runs here: machine, engine and why, versions, models, the library and its owner.

    Opens nothing that another program holds.
    """
    from ranklens.doctor import facts
    from ui.cli.show import table

    found = facts(settings_for(ctx, library))
    if as_json:
        print(json.dumps(dict(found), ensure_ascii=False, indent=2))
    else:
        table(("what", "here"), found)
