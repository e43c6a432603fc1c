"""`ask` and `search`: one question, its trace, and the answer."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.cli.options import (
    CollectionOption,
    InOption,
    JsonOption,
    LibraryOption,
    PoolOption,
    RerankerOption,
    SinceOption,
    TopOption,
    TypeOption,
    open_library,
    settings_for,
)

if TYPE_CHECKING:
    from ranklens import Library, Trace

WhereOption = Annotated[
    str,
    typer.Option(
        "--where", metavar="WORDS", help="Also show where the passage with these words went."
    ),
]


def _not_blank(question: str) -> str:
    if not question.strip():
        raise typer.BadParameter("the question is empty")
    return question


Question = Annotated[
    str, typer.Argument(metavar="QUESTION", help="In quotes.", callback=_not_blank)
]


def ask(
    ctx: typer.Context,
    question: Question,
    as_json: JsonOption = False,
    reranker: RerankerOption = None,
    pool: PoolOption = None,
    top: TopOption = None,
    names: InOption = None,
    types: TypeOption = None,
    since: SinceOption = None,
    collection: CollectionOption = "",
    library: LibraryOption = None,
) -> None:
    """Answer a question from the documents; @name in it asks that document only.

    Shows the answer with its citations, the passages behind it and where the time went.
    """
    from ui.cli.show import write

    settings = settings_for(ctx, library, reranker=reranker, pool=pool, top=top)
    with open_library(settings) as opened:
        on_text = None if as_json else write
        trace = opened.ask(question, on_text=on_text, **_within(names, types, since, collection))
    if not as_json:
        print("\n")
    _show(trace, as_json)
    if trace.answer and trace.answer.error:
        print(f"ranklens: {trace.answer.error}", file=sys.stderr)
        raise typer.Exit(1)


def search(
    ctx: typer.Context,
    question: Question,
    as_json: JsonOption = False,
    reranker: RerankerOption = None,
    pool: PoolOption = None,
    top: TopOption = None,
    names: InOption = None,
    types: TypeOption = None,
    since: SinceOption = None,
    collection: CollectionOption = "",
    where: WhereOption = "",
    library: LibraryOption = None,
) -> None:
    """Rank the passages for a question; no answer is written."""
    if where and as_json:
        raise typer.BadParameter("--where is for people; it does not go with --json")
    settings = settings_for(ctx, library, reranker=reranker, pool=pool, top=top)
    with open_library(settings) as opened:
        trace = opened.search(question, **_within(names, types, since, collection))
        _show(trace, as_json)
        if where:
            _follow(opened, trace, where)


def _follow(library: Library, trace: Trace, words: str) -> None:
    """Print where the passage with these words went."""
    from ranklens.inspecting import Inspection, found_passage
    from ui.cli.show import passage_way

    chunk = found_passage(library, words=words)
    passage_way(chunk, Inspection(library, trace).way(chunk))


def _within(
    names: list[str] | None, types: list[str] | None, since: datetime | None, collection: str
) -> dict[str, Any]:
    """Return the options that choose documents as `Library.search` and `Library.ask` take them."""
    day = since.date() if since else None
    chosen = {"documents": names or (), "types": types or (), "since": day}
    return {**chosen, "collection": collection, "origin": "command line"}


def _show(trace: Trace, as_json: bool) -> None:
    if as_json:
        from rag.trace import to_json

        print(to_json(trace))
    else:
        from ui.cli.show import trace_summary

        trace_summary(trace)
