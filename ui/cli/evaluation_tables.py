"""The figures of an evaluation as tables and sentences."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator

from rag.evaluate.measures.answers import left_out
from rag.evaluate.measures.figures import Comparison, Figures, RunFigures
from rag.evaluate.measures.statistics import Interval
from rag.llm.prices import dollars
from rag.text.plural import plural
from ui.cli.show import table
from ui.cli.words import clean, duration

COLUMNS = ("ndcg@10", "recall@10", "mrr")  # more than these do not fit beside their intervals


def show(found: Figures) -> None:
    """Print what was measured: a table a pipeline, then the verdicts."""
    evaluation = found.evaluation
    print(f"{clean(evaluation.name)}: {plural(len(evaluation.questions), 'question')}")
    for note in evaluation.notes:
        print(f"note: {clean(note)}")
    for figures in found.runs:
        print()
        _run(figures, found.measures, several=len(found.runs) > 1)
    if found.comparisons:
        print()
    for comparison in found.comparisons:
        print(sentence(comparison, len(found.runs) > 1))


def sentence(comparison: Comparison, several: bool) -> str:
    """Return a comparison in words."""
    names = [
        f"{stage} ({run})" if several else stage
        for run, stage in (comparison.after, comparison.before)
    ]
    found = comparison.difference
    return (
        f"{names[0]} against {names[1]}, {comparison.metric}: {found.verdict} "
        f"(p {_p(found.adjusted)}; {found.wins} won, {found.ties} tied, {found.losses} lost)"
    )


def _run(figures: RunFigures, measures: tuple[str, ...], several: bool) -> None:
    run = figures.run
    settings = f"settings {run.settings_digest}"
    print(f"{clean(run.name)} · {settings}" if several else settings)
    shown = [name for name in measures if name in COLUMNS] or list(measures[:3])
    shown += [name for name in measures if name not in shown]
    rows = [(name, *_cells(figures, name)) for name in shown]
    table(("metric", *figures.stages), [*rows, *_times(figures)])
    for name, values in figures.baselines.items():
        print(f"{name} order of the pool: {measures[0]} {values[measures[0]]:.4f}")
    for stage in figures.stages.values():
        if stage.fell_back:
            asked = plural(stage.fell_back, "question")
            print(f"note: {stage.name} fell back on {asked}, left out of it")
    for question, reason in list(run.failures.items())[:5]:
        print(f"failed: {clean(question)}: {clean(reason)}", file=sys.stderr)
    if run.failures:
        print(f"note: {plural(len(run.failures), 'question')} failed and were left out")
    print(f"a whole search: {_time(figures.p50)} p50, {_time(figures.p95)} p95")
    print(f"cost: {dollars(figures.cost)} a question, {dollars(run.spent)} in all")
    if figures.answers:
        print()
        table(("answers", "mean"), [(n, _interval(found)) for n, found in figures.answers.items()])
        for said in left_out([run]):
            print(f"note: {clean(said)}")


def _cells(figures: RunFigures, name: str) -> Iterator[str]:
    for stage in figures.stages.values():
        yield _interval(stage.metrics[name])


def _times(figures: RunFigures) -> Iterator[tuple[str, ...]]:
    stages = figures.stages.values()
    yield ("seconds p50", *(_time(stage.p50) for stage in stages))
    yield ("seconds p95", *(_time(stage.p95) for stage in stages))


def _interval(found: Interval) -> str:
    if math.isnan(found.mean):
        return "none"
    return f"{found.mean:.4f} ({found.low:.3f}–{found.high:.3f})"


def _time(seconds: float) -> str:
    return "none" if math.isnan(seconds) else duration(seconds)


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"
