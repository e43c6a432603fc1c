"""`advise`: is reranking worth it here, with which reranker, pool and price."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ui.cli.evaluation import Limit, Source, WorkOption, prepared
from ui.cli.options import CollectionOption, JsonOption, LibraryOption, settings_for
from ui.cli.words import clean

Rerankers = Annotated[
    list[str] | None,
    typer.Option("--reranker", metavar="NAME", help="A reranker to look at. Repeatable."),
]
Pools = Annotated[
    list[int] | None, typer.Option("--pool", metavar="N", min=1, help="A pool size. Repeatable.")
]


def advise(
    ctx: typer.Context, source: Source, reranker: Rerankers = None, pool: Pools = None,
    budget_ms: Annotated[
        float | None, typer.Option(metavar="MS", min=1, help="What a question may take.")
    ] = None,
    percentile: Annotated[int, typer.Option(metavar="95|99", help="For so many of 100.")] = 95,
    per_day: Annotated[float, typer.Option(metavar="N", min=1, help="Questions a day.")] = 1000,
    machine: Annotated[
        float | None,
        typer.Option("--machine-usd", metavar="USD", min=0, help="An own machine's price a month."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the advice as a HTML page.")
    ] = None,
    limit: Limit = None, as_json: JsonOption = False, work: WorkOption = None,
    collection: CollectionOption = "", library: LibraryOption = None,
) -> None:  # fmt: skip
    """Say whether reranking is worth it here: which reranker, which pool, when to skip it.

    Every reranker is measured at every pool size on judged questions, against no reranking.
    """
    from ranklens import advising
    from ui.cli.evaluation_tables import show_advice

    wishes = advising.AdviceWishes(
        rerankers=tuple(reranker or ()),
        pools=tuple(pool or advising.POOLS),
        budget_seconds=budget_ms / 1000 if budget_ms else None,
        percentile=percentile,
        per_day=per_day,
        machine=machine,
    )
    settings = settings_for(ctx, library)
    with prepared(settings, source, work, limit, collection) as (judged, bar, stop):
        found = advising.advice(judged, wishes, on_progress=bar, stop=stop)
    if report:
        report.expanduser().write_text(advising.page(found), "utf-8")
    if as_json:
        print(clean(json.dumps(advising.outside(found), ensure_ascii=False, indent=2)))
    else:
        show_advice(advising.summarise(found))
