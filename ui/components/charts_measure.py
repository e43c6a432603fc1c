"""Charts of figures as HTML: intervals on one scale, quality against time with its Pareto front."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.evaluate.statistics import Interval
from ui.components.frame import escape

ROOM = 0.15  # of the scale, beyond the outermost values
APART = 7.0  # per cent of the height between two names that stand side by side


@dataclass(frozen=True, slots=True)
class Row:
    """A line of `intervals`; ``strong`` marks those that matter."""

    label: str
    found: Interval
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A pipeline in `quality_by_time`: seconds a question (median) and a metric's mean."""

    label: str
    seconds: float
    quality: float


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
    """Return the Pareto front: the dots than which none is both as fast and as good or better."""
    return {
        dot
        for dot in dots
        if not any(
            other.seconds <= dot.seconds
            and other.quality >= dot.quality
            and (other.seconds, other.quality) != (dot.seconds, dot.quality)
            for other in dots
        )
    }


def quality_by_time(dots: Sequence[Dot], metric: str) -> str:
    """Return quality against time (logarithmic); up and left is better, the front is filled."""
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
    return (
        f'<div class="rl-plot" role="img" aria-label="{escape(said)}">{"".join(parts)}'
        '<span class="axis">time of a question, median (logarithmic)</span></div>'
    )


def scale(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of a scale with some room beside the values, within 0 and 1."""
    low, high = min(values), max(values)
    room = max((high - low) * ROOM, 0.02)
    return max(0.0, low - room), max(min(1.0, high + room), high)


def _dots(
    dots: Sequence[Dot], best: set[Dot], decades: tuple[int, int], ends: tuple[float, float]
) -> Iterator[str]:
    taken: list[tuple[float, float]] = []
    for dot in sorted(dots, key=lambda d: (-d.quality, d.seconds)):
        x = 100 * (math.log10(dot.seconds) - decades[0]) / (decades[1] - decades[0])
        y = 100 * (dot.quality - ends[0]) / (ends[1] - ends[0])
        at = y
        while any(abs(x - other) < 40 and abs(at - height) < APART for other, height in taken):
            at -= APART
        taken.append((x, at))
        kind = "front" if dot in best else ""
        side = "left" if x > 60 else ""
        said = f"{dot.label}: {dot.quality:.3f} in {_time(dot.seconds)}"
        yield (
            f'<span class="dot {kind}" style="--x:{x:.1f}%;--y:{y:.1f}%" title="{escape(said)}">'
            f'</span><span class="name {side} {kind}" style="--x:{x:.1f}%;--y:{at:.1f}%">'
            f"{escape(dot.label)}</span>"
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
