"""`fit`: weights and threshold from judgements, with what they are worth on held-out questions."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from rag.text.plural import plural
from ui.cli.evaluation import Limit, Source, WorkOption, prepared
from ui.cli.options import CollectionOption, LibraryOption, RerankerOption, settings_for
from ui.cli.words import clean, duration


def fit(
    ctx: typer.Context, source: Source, limit: Limit = None, reranker: RerankerOption = None,
    blend: Annotated[
        bool, typer.Option("--blend", help="Fit the blend too: three searches a question.")
    ] = False,
    work: WorkOption = None, collection: CollectionOption = "", library: LibraryOption = None,
) -> None:  # fmt: skip
    """Fit fusion weights, blend weights, the score threshold and when to refuse.

    Half of the questions choose, the other half shows what the choice is worth. Nothing is changed.
    Refusing needs questions of the kind unanswerable.
    """
    from ranklens import fitting
    from ui.cli.evaluation_tables import show_fit

    settings = settings_for(ctx, library, reranker=reranker)
    with prepared(settings, source, work, limit, collection) as (judged, bar, stop):
        found = fitting.fit(judged, {}, blend=blend, on_progress=bar, stop=stop)
    for name, reason in found.failed.items():
        print(f"left out {clean(name)}: {clean(reason)}", file=sys.stderr)
    questions = plural(found.questions, "question")
    print(f"{clean(found.name)}: {questions}, {duration(found.seconds)} each")
    show_fit(found.summary())
