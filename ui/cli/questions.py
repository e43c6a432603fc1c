"""`ask` and `search`: one question, its trace, and the answer."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.errors import LibraryError
from ui.cli.options import (
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
    from rag.pipeline import Pipeline
    from rag.types import Trace
    from ranklens.library import Library


WhereOption = Annotated[
    str,
    typer.Option(
        "--where", metavar="WORDS", help="Also tell where the passage with these words went."
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
    library: LibraryOption = None,
) -> None:
    """Answer a question from the documents; @name in it asks that document only.

    Shows the answer with its citations, the passages behind it and where the time went.
    """
    from ui.cli.show import stream

    with _opened(ctx, library, reranker=reranker, pool=pool, top=top) as opened:
        trace = _asked(opened, names, types, since).search(question)
        answering = opened.pipeline.answer(trace)
        if as_json:
            for _ in answering:
                pass
        else:
            stream(answering)
        trace = trace.with_answer(answering.answer)
        _record(opened, trace)
    _show(trace, as_json)
    if answering.answer.error:
        print(f"ranklens: {answering.answer.error}", file=sys.stderr)
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
    where: WhereOption = "",
    library: LibraryOption = None,
) -> None:
    """Rank the passages for a question; no answer is written."""
    if where and as_json:
        raise typer.BadParameter("--where is for people; it does not go with --json")
    with _opened(ctx, library, reranker=reranker, pool=pool, top=top) as opened:
        pipeline = _asked(opened, names, types, since)
        trace = pipeline.search(question)
        _record(opened, trace)
        _show(trace, as_json)
        if where:
            _follow(pipeline, trace, where)


def _follow(pipeline: Pipeline, trace: Trace, words: str) -> None:
    """Print where the passage with these words went."""
    from rag.inspect import places
    from rag.inspect.find import by_words
    from rag.inspect.removal import removal
    from ui.cli.show import where

    chunk = next(iter(by_words(pipeline.index, words, 10)), None)
    if chunk is None:
        raise LibraryError(f"no passage of the library has a word of {words!r}; try other words")
    asked = places.pipeline_of(pipeline, trace)
    at = places.places(trace, chunk, places.everything(asked, trace.question))
    where(chunk, at, removal(trace, chunk, at, places.allowed(asked, chunk)).words)


def _opened(ctx: typer.Context, library: Path | None, **changes: Any) -> Library:
    settings = settings_for(ctx, library, **changes)
    opened = open_library(settings)
    if not any(document.status == "ready" for document in opened.documents()):
        opened.close()
        raise LibraryError(
            f"no document in {settings.library} can be asked; add some with `ranklens ingest PATH…`"
        )
    return opened


def _asked(
    opened: Library, names: list[str] | None, types: list[str] | None, since: datetime | None
) -> Pipeline:
    """Return the pipeline within the documents that the options choose; all without options."""
    if not (names or types or since):
        return opened.pipeline
    from rag.retrieve.filters import chosen

    ready = [document for document in opened.documents() if document.status == "ready"]
    day = since.date() if since else None
    return opened.pipeline.within(chosen(ready, names or (), types or (), day))


def _record(opened: Library, trace: Trace) -> None:
    from rag.watch.record import record

    record(opened.index.catalogue.engine, opened.settings, trace, "command line")


def _show(trace: Trace, as_json: bool) -> None:
    if as_json:
        from rag.trace import to_json

        print(to_json(trace))
    else:
        from ui.cli.show import trace_summary

        trace_summary(trace)
