"""`migrate`: the library's database into another one."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from rag.text.plural import plural
from ui.cli.options import LibraryOption, settings_for

ToOption = Annotated[
    str,
    typer.Option(
        "--to",
        help="Address of an empty PostgreSQL database; if database_url is set, an empty folder.",
    ),
]


def migrate(ctx: typer.Context, to: ToOption, library: LibraryOption = None) -> None:
    """Copy the library into PostgreSQL, or from there into a folder.

    Files are copied first, into the bucket of files_url if it is set; then all rows are copied and
    compared, or none. A copy that was interrupted goes on when it is started again. Indexes are
    made again when the copy is opened.
    """
    from ranklens.migrating import migrate_library

    def show(table: str, done: int, total: int) -> None:
        print(f"{done:,} of {total:,} ({table})", file=sys.stderr)

    copied = migrate_library(settings_for(ctx, library), to, show)
    print(f"Copied {plural(copied, 'row')} and compared them. Set database_url to use the copy.")
