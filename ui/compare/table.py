"""Pipelines side by side as a table: likeness, worth, time, cost, and what fell back."""

from __future__ import annotations

from collections.abc import Sequence

from rag.evaluate.experiments.side_by_side import Side, Worth, likeness
from rag.evaluate.measures.metrics import PRIMARY
from rag.llm.prices import dollars
from ui.shared.frame import escape
from ui.shared.passages import table
from ui.shared.stages import duration, title

HEADS = (
    ("Kendall’s τ-b", "Of the passages that both rank, with the first pipeline: 1 is one order"),
    ("RBO", "Rank-biased overlap with the first pipeline: 1 is alike, and the top counts most"),
    ("First 10 shared", "Of the first pipeline’s first ten"),
    (PRIMARY, "On this question, with its judgements"),
    ("Time", "Retrieval and reranking; loading a model is not in it"),
    ("Cost", "What its calls cost, by the table of prices"),
)
BASELINES = {
    "fused": ("Fused order", "the first pipeline’s candidates, not reranked"),
    "random": ("Random order", "the same candidates, the mean of ten random orders"),
    "oracle": ("Oracle", "the same candidates, the best order there is"),
}


def shown(sides: Sequence[Side], found: Worth | None) -> str:
    """Return the table; without judgements of the question there is no worth and no baseline."""
    head = "<th>Pipeline</th>" + "".join(
        f'<th class="right" title="{escape(hint)}">{name}</th>' for name, hint in HEADS
    )
    rows = [_row(side, sides[0], found) for side in sides]
    if found:
        rows += [_baseline(*BASELINES[name], value) for name, value in found.baselines.items()]
    return f'<div class="rl-compared">{table(head + "<th>What ran</th>", rows)}</div>'


def _row(side: Side, first: Side, found: Worth | None) -> str:
    name = f"<td>{escape(side.name)}</td>"
    if side.trace is None:
        return f"<tr>{name}<td colspan='6'></td><td class='why'>{escape(side.problem)}</td></tr>"
    cells = [*_alike(side, first)]
    cells.append(f"{found.sides[side.name]:.3f}" if found else "–")
    cells += [duration(side.trace.seconds), dollars(side.cost)]
    numbers = "".join(f'<td class="num">{cell}</td>' for cell in cells)
    return f'<tr>{name}{numbers}<td class="why">{_what_ran(side)}</td></tr>'


def _alike(side: Side, first: Side) -> tuple[str, str, str]:
    found = None if side is first else likeness(first, side)
    if found is None:
        return "", "", ""
    tau = "–" if found.tau is None else f"{found.tau:.3f}"
    return tau, f"{found.rbo:.3f}", f"{found.overlap:.0%}"


def _what_ran(side: Side) -> str:
    """Say which reranker ran, and every stage that fell back, and why."""
    told = [
        f'<span class="rl-tag warn">{escape(title(stage.name))} fell back</span> '
        f"{escape(stage.note)}"
        for stage in side.fell_back
    ]
    stage = side.trace.stage("reranked") if side.trace else None
    if stage is not None and not stage.fell_back:
        told.insert(0, escape(str(stage.details.get("reranker") or "")))
    return "<br>".join(filter(None, told))


def _baseline(name: str, hint: str, value: float) -> str:
    return (
        f'<tr class="base"><td>{name}</td><td colspan="3"></td><td class="num">{value:.3f}</td>'
        f'<td colspan="2"></td><td class="why">{hint}</td></tr>'
    )
