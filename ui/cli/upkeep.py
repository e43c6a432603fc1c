"""`settings`, `verify`, `rebuild`: which options hold, and whether the library is sound."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rag.settings import settings_file, settings_table
from rag.text.plural import plural
from ui.cli.options import JsonOption, LibraryOption, open_library, settings_for

if TYPE_CHECKING:
    from ranklens import IndexReport

MarkdownOption = Annotated[
    bool, typer.Option("--markdown", help="Print docs/settings.md: every option, no values.")
]


def settings(
    ctx: typer.Context,
    as_json: JsonOption = False,
    markdown: MarkdownOption = False,
    library: LibraryOption = None,
) -> None:
    """Show every option with its value.

    The default is shown if it differs; keys only as set or not set.
    """
    if as_json and markdown:
        raise typer.BadParameter("--json and --markdown exclude each other")
    if markdown:
        from ui.cli.settings_page import markdown_page

        print(markdown_page(), end="")
        return
    rows = settings_table(settings_for(ctx, library))
    if as_json:
        values = {name: value for name, value, _, _ in rows}
        print(json.dumps(values, ensure_ascii=False, indent=2))
        return
    from ui.cli.show import table

    table(
        ("option", "value", "default", "what it does"),
        [(name, now, "" if now == default else default, does) for name, now, default, does in rows],
    )
    if (file := settings_file()) is not None:
        print(f"settings file: {file.path.absolute()} ({file.origin})", file=sys.stderr)


def verify(ctx: typer.Context, library: LibraryOption = None) -> None:
    """Check the indexes against the catalogue.

    Exits with 1 if they differ.
    """
    with open_library(settings_for(ctx, library)) as opened:
        report = opened.verify()
    _show(report)


def rebuild(ctx: typer.Context, library: LibraryOption = None) -> None:
    """Build the indexes again from the catalogue.

    Nothing is read or encoded again.
    """
    with open_library(settings_for(ctx, library)) as opened:
        report = opened.rebuild()
    _show(report)


def _show(report: IndexReport) -> None:
    chunks, vectors = plural(report.chunks, "chunk"), plural(report.vectors, "vector")
    print(f"{chunks}, {vectors}, {report.lexical:,} in the BM25 index")
    if report.recall is not None:
        print(f"Chroma finds {report.recall:.0%} of the exact nearest chunks (sampled)")
    for problem in report.problems:
        print(f"problem: {problem}", file=sys.stderr)
    if report.problems:
        print("`ranklens rebuild` makes the indexes again", file=sys.stderr)
        raise typer.Exit(1)
    print("All is well")
