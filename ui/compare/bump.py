"""The bump chart: a column a pipeline, a line a passage from rank to rank.

Drawn as plain HTML like the slope chart, whose look it shares. The passage that is pointed at or
has the focus is followed through all columns by style alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rag.types import Chunk, Hit
from ui.shared.html import render
from ui.shared.slope import Label

DEPTH = 15


@dataclass(frozen=True, slots=True)
class BumpColumn:
    """A pipeline's final ranking; the first ``top`` of it are what an answer is given."""

    name: str
    hits: tuple[Hit, ...]
    top: int

    @property
    def ranks(self) -> Mapping[str, int]:
        """Chunk id → rank."""
        return {hit.chunk.id: hit.rank for hit in self.hits}


@dataclass(frozen=True, slots=True)
class BumpPlan:
    """What is drawn: the columns and the passages, in ``lanes`` lanes from top to bottom.

    Ranks to ``depth`` have a lane each; all below it share the last one.
    """

    columns: tuple[BumpColumn, ...]
    chunks: tuple[Chunk, ...]
    depth: int
    lanes: int

    def height(self, rank: int) -> float:
        """Return a rank's height as a share."""
        return (min(rank, self.depth + 1) - 0.5) / self.lanes

    def across(self, column: int) -> float:
        """Return a column's place from left to right as a share."""
        return column / max(1, len(self.columns) - 1)


def layout(columns: Sequence[BumpColumn]) -> BumpPlan:
    """Choose the passages that are near the top of any ranking."""
    shown = {hit.chunk.id: hit.chunk for one in columns for hit in one.hits[:DEPTH]}
    depth = min(DEPTH, max((len(one.hits) for one in columns), default=0))
    below = any(one.ranks.get(key, 0) > depth for one in columns for key in shown)
    return BumpPlan(tuple(columns), tuple(shown.values()), depth, max(1, depth + below))


def drawn(plan: BumpPlan, relevant: Collection[str] = ()) -> Markup:
    """Return the chart as HTML; ``relevant`` are the ids of passages with a good grade."""
    ranks = [column.ranks for column in plan.columns]
    keys = {chunk.id: key for key, chunk in enumerate(plan.chunks)}
    sides = [
        [
            Label(h.chunk, h.rank, h.rank <= one.top, f"p{keys[h.chunk.id]}")
            for h in one.hits[:DEPTH]
        ]
        for one in (plan.columns[0], plan.columns[-1])
    ]
    return render(
        "compare/bump.html", plan=plan, sides=sides, ranks=ranks, keys=keys, relevant=relevant
    )
