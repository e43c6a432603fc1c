"""Charts of figures as HTML, for the page and the report; their style is charts.css.

Intervals on one scale, and quality against time and cost with its Pareto front.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from rag.evaluate.measures.figures import Figures, StageFigures
from rag.evaluate.measures.statistics import Interval
from rag.llm.prices import dollars
from rag.types import RETRIEVERS

STYLE = Path(__file__).with_name("charts.css")
ROOM = 0.15  # of the scale, beyond the outermost values
APART = 7.0  # per cent of the height between two names that stand side by side
WIDEST, LETTER = 45, 2.4  # per cent of the width: the longest name, and one of its letters
LEAST, MOST = 0.8, 1.7  # rem across a dot, from no cost to the highest


@dataclass(frozen=True, slots=True)
class Row:
    """A line of `intervals`; ``strong`` marks those that matter."""

    label: str
    found: Interval
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A pipeline in `quality_by_time`: seconds a question (median) and a metric's mean.

    ``cost`` is a question's mean dollars, None where it is not known.
    """

    label: str
    seconds: float
    quality: float
    cost: float | None = 0.0

    @property
    def loss(self) -> tuple[float, float, float]:
        """What is to be small: seconds, dollars (an unknown price is the worst), minus quality."""
        return self.seconds, math.inf if self.cost is None else self.cost, -self.quality


Title = Callable[[str], str]


def rows_of(found: Figures, title: Title) -> list[Row]:
    """Return every stage's first metric for `intervals`; ``title`` names stages for people.

    A stage that came out alike in all pipelines (they retrieve alike) is one row.
    """
    metric = found.measures[0]
    rows: dict[str, Row] = {}
    for figures in found.runs:
        for stage in figures.stages.values():
            same = all(_alike(stage, other.stages.get(stage.name)) for other in found.runs)
            own = title(stage.name)
            label = own if same else f"{figures.run.name} · {own}"
            rows.setdefault(
                label, Row(label, stage.metrics[metric], stage.name == figures.run.last)
            )
    return list(rows.values())


def dots_of(found: Figures, title: Title) -> list[Dot]:
    """Return the pipelines for `quality_by_time`, and the retrievers alone beside them."""
    metric = found.measures[0]
    dots: dict[tuple[float, float], Dot] = {}
    for figures in found.runs:
        for stage in figures.stages.values():
            last = stage.name == figures.run.last
            if last or (stage.name in RETRIEVERS and figures is found.runs[0]):
                seconds, cost = (figures.p50, figures.cost) if last else (stage.p50, 0.0)
                label = figures.run.name if last else f"{title(stage.name)} alone"
                dot = Dot(label, seconds, stage.metrics[metric].mean, cost)
                dots.setdefault((dot.seconds, dot.quality), dot)
    return list(dots.values())


def _alike(stage: StageFigures, other: StageFigures | None) -> bool:
    return other is not None and stage.scores == other.scores


def intervals(rows: Sequence[Row]) -> str:
    """Return a dot with its confidence interval for each row, on one scale."""
    rows = [row for row in rows if not math.isnan(row.found.mean)]
    if not rows:
        return ""
    low, high = scale([row.found.low for row in rows] + [row.found.high for row in rows])
    cells = "".join(_row(row, low, high) for row in rows)
    ends = f'<span class="scale"><span>{low:.2f}</span><span>{high:.2f}</span></span>'
    return f'<div class="rl-range">{cells}<span></span>{ends}<span></span></div>'


def front(dots: Sequence[Dot]) -> set[Dot]:
    """Return the Pareto front: the dots than which none is better without being worse in anything.

    Better is faster, cheaper, or higher in quality.
    """
    return {
        dot
        for dot in dots
        if not any(
            other.loss != dot.loss
            and all(mine <= its for mine, its in zip(other.loss, dot.loss, strict=True))
            for other in dots
        )
    }


def quality_by_time(dots: Sequence[Dot], metric: str) -> str:
    """Return quality against time (logarithmic); up and left is better, the front is filled.

    A dot is the larger the more its questions cost.
    """
    dots = [d for d in dots if d.seconds > 0 and not math.isnan(d.seconds + d.quality)]
    if not dots:
        return ""
    first = math.floor(math.log10(min(d.seconds for d in dots)))
    last = max(first + 1, math.ceil(math.log10(max(d.seconds for d in dots))))
    low, high = scale([d.quality for d in dots])
    best = front(dots)
    parts = [_y_tick(i * 25, low + (high - low) * i / 4) for i in range(5)]
    parts += [
        f'<span class="tick x" style="--x:{100 * i / (last - first):.1f}%">'
        f"{_time(10.0 ** (first + i))}</span>"
        for i in range(last - first + 1)
    ]
    parts += _dots(dots, best, (first, last), (low, high))
    said = f"{metric} against the median time of a question; the filled dots are the front"
    priced = any(d.cost for d in dots)
    axis = "time of a question, median (logarithmic)" + (
        "; $ for 1,000 questions" if priced else ""
    )
    return (
        f'<div class="rl-plot" role="img" aria-label="{escape(said)}">{"".join(parts)}'
        f'<span class="axis">{axis}</span></div>'
    )


def scale(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of a scale with some room beside the values, within 0 and 1."""
    low, high = min(values), max(values)
    room = max((high - low) * ROOM, 0.02)
    return max(0.0, low - room), max(min(1.0, high + room), high)


def _dots(
    dots: Sequence[Dot], best: set[Dot], decades: tuple[int, int], ends: tuple[float, float]
) -> Iterator[str]:
    taken: list[tuple[float, float, float]] = []  # start and end across, height
    dearest = max((dot.cost or 0.0 for dot in dots), default=0.0)
    for dot in sorted(dots, key=lambda d: (-d.quality, d.seconds)):
        x = 100 * (math.log10(dot.seconds) - decades[0]) / (decades[1] - decades[0])
        y = 100 * (dot.quality - ends[0]) / (ends[1] - ends[0])
        label = f"{dot.label} · {dollars(1000 * dot.cost)}" if dot.cost else dot.label
        side, width = "left" if x > 60 else "", min(WIDEST, LETTER * len(label))
        start, at = x - width if side else x, y
        while any(
            start < end and begin < start + width and abs(at - height) < APART
            for begin, end, height in taken
        ):
            at -= APART
        taken.append((start, start + width, at))
        kind = "front" if dot in best else ""
        price = "" if dot.cost == 0 else f", {dollars(dot.cost)} a question"
        said = f"{dot.label}: {dot.quality:.3f} in {_time(dot.seconds)}{price}"
        size = LEAST + (MOST - LEAST) * (dot.cost or 0.0) / dearest if dearest else LEAST
        yield (
            f'<span class="dot {kind}" style="--x:{x:.1f}%;--y:{y:.1f}%;--size:{size:.2f}rem" '
            f'title="{escape(said)}"></span><span class="name {side} {kind}" '
            f'style="--x:{x:.1f}%;--y:{at:.1f}%;--size:{size:.2f}rem">{escape(label)}</span>'
        )


def _row(row: Row, low: float, high: float) -> str:
    start, at, end = (
        100 * (value - low) / (high - low)
        for value in (row.found.low, row.found.mean, row.found.high)
    )
    kind = "track strong" if row.strong else "track"
    return (
        f'<span class="who">{escape(row.label)}</span><span class="{kind}" '
        f'title="{row.found.low:.3f} to {row.found.high:.3f}">'
        f'<i style="--from:{start:.1f}%;--share:{end - start:.1f}%"></i>'
        f'<u style="--at:{at:.1f}%"></u></span><b class="rl-num">{row.found.mean:.3f}</b>'
    )


def _y_tick(at: float, value: float) -> str:
    return (
        f'<span class="grid" style="--y:{at}%"></span>'
        f'<span class="tick y" style="--y:{at}%">{value:.2f}</span>'
    )


def _time(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
