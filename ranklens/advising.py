"""Advice: is reranking worth it on these documents, with which reranker, pool and price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event

import numpy as np

from rag.errors import RanklensError
from rag.evaluate.advice.advice import Advice, Budget, MonthlyCost, advise, cost
from rag.evaluate.advice.depth import POOLS, curves, variants
from rag.evaluate.data import Evaluation, Run
from rag.evaluate.progress import OnProgress
from rag.evaluate.reports.advice import html as page
from rag.evaluate.reports.advice import outside, summarise
from rag.llm.prices import price_date, rerank_prices
from rag.rerank.table import AUTO, resolve
from rag.settings import Settings, from_visitor
from ranklens.judged_sets import JudgedSet
from ranklens.measuring import measure
from ranklens.models import what_ranks

__all__ = ["POOLS", "Advice", "AdviceWishes", "outside", "page", "summarise"]

ENOUGH = 20  # logged answers: fewer say little about a percentile


@dataclass(frozen=True, slots=True)
class AdviceWishes:
    """What is asked for.

    ``rerankers``: names, the library's own without any. ``budget_seconds`` is what a question may
    take at ``percentile`` (95 or 99) up to the answer's first words. ``per_day``: questions.
    ``machine``: dollars a month of an own machine, to compare hosted rerankers with.
    """

    rerankers: tuple[str, ...] = ()
    pools: tuple[int, ...] = POOLS
    budget_seconds: float | None = None
    percentile: int = 95
    per_day: float = 1_000
    machine: float | None = None

    def __post_init__(self) -> None:
        """Raise `RanklensError` for wishes that cannot be kept, and for unknown rerankers."""
        if self.percentile not in (95, 99):
            raise RanklensError(f"the percentile is 95 or 99, not {self.percentile}")
        if not self.pools or min(self.pools) < 1:
            raise RanklensError("a pool holds at least one passage")
        for name in self.rerankers:
            if name != AUTO:
                resolve(name)


def check_visitor(settings: Settings, wishes: AdviceWishes) -> None:
    """Raise `SettingsError` if a visitor may not name these rerankers or pools."""
    for name in wishes.rerankers:
        for pool in wishes.pools:
            from_visitor(settings, {"reranker": name, "pool": pool})


def advice(
    judged: JudgedSet,
    wishes: AdviceWishes,
    *,
    on_progress: OnProgress | None = None,
    stop: Event | None = None,
) -> Advice:
    """Measure every reranker at every pool on judged questions, and work the advice out.

    All are measured in one run, question by question in turn. Raises `RanklensError` if no
    question is judged or no reranker ranked one, `Interrupted` once ``stop`` is set.
    """
    settings = judged.library.settings
    given = wishes.rerankers or (settings.reranker,)
    names = tuple(dict.fromkeys(what_ranks(settings, name) for name in given))
    if "none" in names:
        raise RanklensError("name a reranker to compare with no reranking; none is no reranker")
    made = variants(names, wishes.pools, settings.pool)
    evaluation = measure(judged, made, on_progress=on_progress, stop=stop)
    if not curves(evaluation):
        reasons = sorted({one for run in evaluation.runs[1:] for one in _problems(run)})
        raise RanklensError(f"no reranker ranked a question: {'; '.join(reasons[:3])}")
    return advise(
        evaluation,
        chunks=_chunks(judged),
        top=settings.top,
        budget=_budget(judged, wishes),
        costs=tuple(_costs(evaluation, settings, wishes)),
    )


def _chunks(judged: JudgedSet) -> int:
    """Count the chunks that are asked: those of the set's collection."""
    library = judged.library
    among = library.collections.members(judged.collection) if judged.collection else None
    ready = library.index.catalogue.ready()
    return sum(one.chunks for one in ready if among is None or one.name in among)


def _problems(run: Run) -> Iterator[str]:
    yield from run.failures.values()
    yield from (r.note for result in run.results for r in result.rankings if r.fell_back)


def _budget(judged: JudgedSet, wishes: AdviceWishes) -> Budget | None:
    """Return the budget, with the time of first words from the question log if it has enough."""
    if wishes.budget_seconds is None:
        return None
    entries = judged.library.question_log.entries()
    writing = [entry.first_token for entry in entries if entry.first_token is not None]
    others = {}
    if len(writing) >= ENOUGH:
        others["first words of the answer"] = float(np.percentile(writing, wishes.percentile))
    return Budget(wishes.budget_seconds, wishes.percentile, others)


def _costs(
    evaluation: Evaluation, settings: Settings, wishes: AdviceWishes
) -> Iterator[MonthlyCost]:
    """Yield what was measured, then what hosted rerankers would charge for the same pool."""
    for curve in curves(evaluation):
        point = curve.smallest
        if point.cost:
            name = f"{point.reranker}, pool {point.pool}: measured"
            yield cost(name, point.cost, wishes.per_day, wishes.machine)
    if wishes.machine is not None:
        yield MonthlyCost("own machine", wishes.machine / 30 / wishes.per_day, wishes.per_day, None)
    tokens = settings.pool * settings.chunk_tokens
    searches = -(-settings.pool // 100)
    date = price_date(settings)
    for name, dollars in rerank_prices(settings, searches, tokens).items():
        title = f"{name}, pool {settings.pool}: price list{f' of {date}' if date else ''}"
        yield cost(title, dollars, wishes.per_day, wishes.machine)
