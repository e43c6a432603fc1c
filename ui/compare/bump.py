"""The bump chart: a column a pipeline, a line a passage from rank to rank.

Drawn as plain HTML like the slope chart, whose labels and lines it shares. What is pointed at or
has the focus is followed through all columns by style alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rag.types import Chunk, Hit
from ui.shared import slope
from ui.shared.frame import escape
from ui.shared.html import macro
from ui.shared.naming import named, snippet

DEPTH = 15

LEGEND = (
    '<div class="rl-legend"><span><i class="rose"></i>rises</span><span><i class="fell"></i>falls'
    "</span><span><i></i>keeps its rank</span><span><i class='good'></i>judged relevant</span>"
    "<span>point at a passage to follow it</span></div>"
)


@dataclass(frozen=True, slots=True)
class Column:
    """A pipeline's final ranking; the first ``top`` of it are what an answer is given."""

    name: str
    hits: tuple[Hit, ...]
    top: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is drawn: the passages in the order of their class, and each column's ranks by id."""

    columns: tuple[Column, ...]
    chunks: tuple[Chunk, ...]
    ranks: tuple[Mapping[str, int], ...]
    depth: int
    lanes: int

    def height(self, rank: int) -> float:
        """Return a rank's height as a share; what is below the depth shares one lane."""
        return (min(rank, self.depth + 1) - 0.5) / self.lanes

    def across(self, column: int) -> float:
        """Return a column's place from left to right as a share."""
        return column / max(1, len(self.columns) - 1)


def layout(columns: Sequence[Column]) -> Plan:
    """Choose the passages that are near the top of any ranking."""
    shown = {hit.chunk.id: hit.chunk for one in columns for hit in one.hits[:DEPTH]}
    ranks = tuple({hit.chunk.id: hit.rank for hit in one.hits} for one in columns)
    depth = min(DEPTH, max((len(one.hits) for one in columns), default=0))
    below = any(held.get(key, 0) > depth for held in ranks for key in shown)
    return Plan(tuple(columns), tuple(shown.values()), ranks, depth, max(1, depth + below))


def drawn(plan: Plan, relevant: Collection[str] = ()) -> str:
    """Return the chart as HTML; ``relevant`` are the ids of passages with a good grade."""
    first, last = plan.columns[0], plan.columns[-1]
    count = len(plan.columns)
    middle = "".join(_gap(plan, at, relevant) for at in range(count - 1))
    middle += "".join(_node(plan, at, key) for at in range(count) for key in range(_count(plan)))
    return (
        f"<style>{_followed(_count(plan))}</style>"
        f'<div class="rl-bumps" tabindex="0"><div class="rl-slope rl-bump" '
        f'style="--columns:{count};--lanes:{plan.lanes}">'
        f'<div class="head left">{_head(first)}</div><div class="heads">{_heads(plan)}</div>'
        f'<div class="head">{_head(last)}</div><div class="side left">{_side(plan, 0)}</div>'
        f'<div class="lines">{middle}</div><div class="side">{_side(plan, count - 1)}</div>'
        f'</div></div><p class="rl-named rl-say">{_names(plan)}</p>'
    )


def _count(plan: Plan) -> int:
    return len(plan.chunks)


def _head(column: Column) -> str:
    name = escape(column.name)
    return f'<span class="pipe" title="{name}">{name}</span>'


def _heads(plan: Plan) -> str:
    """Return the names of the columns between the first and the last."""
    return "".join(
        f'<span class="pipe" style="left:{plan.across(at):.2%}" '
        f'title="{escape(column.name)}">{escape(column.name)}</span>'
        for at, column in list(enumerate(plan.columns))[1:-1]
    )


def _side(plan: Plan, column: int) -> str:
    marks = {chunk.id: f"p{key}" for key, chunk in enumerate(plan.chunks)}
    one = plan.columns[column]
    rows = [
        slope.Label(hit.chunk, hit.rank, hit.rank <= one.top, marks[hit.chunk.id])
        for hit in one.hits[: plan.depth]
    ]
    return macro("labels", "shared/slope.html")(rows, below=False)


def _gap(plan: Plan, at: int, relevant: Collection[str]) -> str:
    left, right = plan.across(at), plan.across(at + 1)
    lines = "".join(_lines(plan, at, relevant))
    return f'<div class="gap" style="left:{left:.2%};width:{right - left:.2%}">{lines}</div>'


def _lines(plan: Plan, at: int, relevant: Collection[str]) -> Iterator[str]:
    for key, chunk in enumerate(plan.chunks):
        before, after = plan.ranks[at].get(chunk.id), plan.ranks[at + 1].get(chunk.id)
        if before is None or after is None or min(before, after) > plan.depth:
            continue
        kind = "rose" if after < before else "fell" if after > before else ""
        good = chunk.id in relevant
        heights = plan.height(before), plan.height(after)
        mark = f"{kind} {'good' if good else ''} p{key}"
        yield macro("strip", "shared/slope.html")(mark, *heights, "2.5px" if good else "1px")


def _node(plan: Plan, at: int, key: int) -> str:
    chunk, column = plan.chunks[key], plan.columns[at]
    rank = plan.ranks[at].get(chunk.id)
    if rank is None or rank > plan.depth:
        return ""
    said = escape(f"{named(chunk)}: rank {rank}, {column.name}")
    # The labels beside the outer columns take the focus there.
    reach = "" if 0 < at < len(plan.columns) - 1 else ' tabindex="-1"'
    place = f"left:{plan.across(at):.2%};top:{plan.height(rank):.4%}"
    return (
        f'<button type="button" class="node p{key} {"in" if rank <= column.top else ""}"{reach} '
        f'data-passage="{escape(chunk.id)}" style="{place}" title="{said}" aria-label="{said}">'
        f"{rank}</button>"
    )


def _names(plan: Plan) -> str:
    """Return a line on each passage, of which one at most is shown: the one that is followed."""
    return "".join(
        f'<span class="p{key}"><b>{escape(named(chunk))}</b> {escape(_ranks(plan, chunk))}<br>'
        f"{escape(snippet(chunk))}</span>"
        for key, chunk in enumerate(plan.chunks)
    )


def _ranks(plan: Plan, chunk: Chunk) -> str:
    places = [
        f"{column.name} {held.get(chunk.id) or '–'}"
        for column, held in zip(plan.columns, plan.ranks, strict=True)
    ]
    return " · ".join(places)


def _followed(count: int) -> str:
    """Return the style that brings the passage out that is pointed at or has the focus."""
    at = [f":has(.p{key}:is(:hover, :focus-within))" for key in range(count)]
    lines = ", ".join(f".rl-bump{has} .lines i.p{key}" for key, has in enumerate(at))
    nodes = ", ".join(f".rl-bump{has} .node.p{key}" for key, has in enumerate(at))
    names = ", ".join(f".rl-bumps{has} + .rl-named .p{key}" for key, has in enumerate(at))
    return (
        f"{lines} {{ opacity: 1 !important; }} {nodes} {{ opacity: 1 !important; "
        f"background: var(--rl-accent); color: var(--rl-ground); }} {names} {{ display: inline; }}"
        if count
        else ""
    )
