"""Pipelines that were compared in use, as a table for page and command line."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rag.evaluate.measures.interleaved import TeamResult
from rag.evaluate.reports.tables import EvaluationTable, FigureCell
from rag.evaluate.reports.verdict import p_value


def table(found: Sequence[TeamResult]) -> EvaluationTable:
    """Return a row for each pair of pipelines."""
    columns = ("", "Second won", "First won", "As good", "No sign", "Share of the second", "p")
    hints = {
        "Second won": "questions in which its passages had more credits",
        "No sign": "no thumb, and no citation was opened",
        "Share of the second": "of the decided questions, with its 95 % interval",
        "p": "exact two-sided sign test",
    }
    rows = tuple((f"{one.first} (first) and {one.second} (second)", _cells(one)) for one in found)
    return EvaluationTable(columns, rows, "Pipelines compared in use", hints=hints)


def _cells(one: TeamResult) -> tuple[FigureCell, ...]:
    counts = (FigureCell(f"{count:,}") for count in (one.wins, one.losses, one.ties, one.silent))
    share = one.share
    known = not math.isnan(share.mean)
    text = f"{share.mean:.0%}" if known else "–"
    return (
        *counts,
        FigureCell(text, f"{share.low:.0%} to {share.high:.0%}" if known else ""),
        FigureCell(p_value(one.p).removeprefix("= ")),
    )
