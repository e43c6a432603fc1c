"""`ab`: two pipelines compared in use, by what readers opened and liked."""

from __future__ import annotations

import json
import sys

import typer

from ui.cli.options import JsonOption, LibraryOption, open_library, settings_for
from ui.cli.words import clean


def ab(ctx: typer.Context, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Show which of two pipelines readers prefer (options ab_first and ab_second).

    Questions of the Ask page are ranked by both, interleaved by team draft. Opened citations and
    thumbs decide.
    """
    from ranklens import interleaving
    from ui.cli.evaluation_tables import show_table

    with open_library(settings_for(ctx, library)) as opened:
        found, problem = interleaving.results(opened), interleaving.problem(opened.settings)
    if problem:
        print(clean(problem), file=sys.stderr)
    if as_json:
        print(json.dumps(interleaving.outside(found), ensure_ascii=False, indent=2))
        return
    if not found:
        print("No question was interleaved yet: set ab_first and ab_second, and ask on the page.")
        return
    for one in found:
        print(clean(one.sentence))
    print()
    show_table(interleaving.table(found))
