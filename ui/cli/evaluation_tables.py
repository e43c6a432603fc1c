"""Evaluations and what was fitted, printed: the same sentences and rows as on the page."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rag.evaluate.reports.advice import AdviceSummary
from rag.evaluate.reports.fitted import FittedPart
from rag.evaluate.reports.report import summarise
from rag.evaluate.reports.sweep import SweepSummary
from rag.evaluate.reports.tables import EvaluationTable
from ranklens.measuring import Figures
from ui.cli.show import table
from ui.cli.words import clean

FAILURES = 5  # of a pipeline, with their reasons


def show_evaluation(found: Figures) -> None:
    """Print what was measured: the verdict, a table a pipeline, then answers and comparisons."""
    summary = summarise(found)
    print(f"{clean(summary.name)}: {summary.about}")
    if summary.verdict:
        print(clean(summary.verdict.sentence))
        print(clean(f"{summary.verdict.compared}, {summary.verdict.figures}"))
    for note in (*summary.notes, *summary.warnings):
        print(f"note: {clean(note)}")
    for one in found.runs:
        for question, reason in list(one.run.failures.items())[:FAILURES]:
            print(f"failed: {clean(question)}: {clean(reason)}", file=sys.stderr)
    for pipeline, one in zip(summary.stages, found.runs, strict=True):
        print(f"\n{clean(pipeline.title)} · settings {one.run.settings_digest}")
        show_table(pipeline.transposed())
        print(pipeline.note)
    for other in summary.others:
        print(f"\n{other.title}")
        show_table(other)


def show_fit(parts: Sequence[FittedPart]) -> None:
    """Print what was fitted, and why something was not."""
    for part in parts:
        if not part.choice:
            print(f"{part.title}: not fitted: {clean(part.worth)}")
            continue
        print(f"{part.title}: {part.choice}")
        print(f"  {part.worth}")
        if part.table:
            show_table(part.table)


def show_advice(found: AdviceSummary) -> None:
    """Print the advice: one sentence, the reasons, then the tables behind them."""
    print(clean(f"{found.headline}."))
    print(clean(found.about))
    for reason in found.reasons:
        print(clean(f"- {reason}"))
    for one in found.tables:
        print(f"\n{one.title}")
        show_table(one)
        if one.note:
            print(one.note)


def show_sweep(found: SweepSummary) -> None:
    """Print a sweep: one sentence, what follows from it, then the tables."""
    print(clean(found.headline))
    print(clean(found.about))
    for sentence in found.sentences:
        print(clean(f"- {sentence}"))
    for line in found.lines.splitlines():
        print(f"  {clean(line)}")
    for one in found.tables:
        print(f"\n{one.title}")
        show_table(one)


def show_table(shown: EvaluationTable) -> None:
    """Print a table."""
    table(shown.columns, [(name, *map(str, cells)) for name, cells in shown.rows])
