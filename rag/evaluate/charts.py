"""Charts as inline SVG, drawn by hand: colours come from the page's style, for light and dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from rag.evaluate.statistics import Interval

WIDTH = 640
LEFT = 190
RIGHT = 70
ROW = 34


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of `intervals_chart`; ``strong`` marks the row that matters."""

    label: str
    found: Interval
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A dot of `scatter_chart`: milliseconds and quality."""

    label: str
    milliseconds: float
    quality: float
    strong: bool = False


def intervals_chart(bars: Sequence[Bar], title: str) -> str:
    """Return rows of a dot with its confidence interval on a common scale."""
    bars = [bar for bar in bars if not math.isnan(bar.found.mean)]
    if not bars:
        return ""
    low, high = _range([b.found.low for b in bars], [b.found.high for b in bars])
    height = ROW * len(bars) + 34
    parts = [_axis(low, high, height - 26)]
    for i, bar in enumerate(bars):
        y = ROW * i + 18
        x, left, right = (
            _x(value, low, high) for value in (bar.found.mean, bar.found.low, bar.found.high)
        )
        kind = "strong" if bar.strong else "plain"
        parts.append(
            f'<text class="label" x="{LEFT - 14}" y="{y + 4}" text-anchor="end">'
            f"{escape(bar.label)}</text>"
            f'<line class="whisker {kind}" x1="{left:.1f}" x2="{right:.1f}" y1="{y}" y2="{y}"/>'
            f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y}" r="5"/>'
            f'<text class="value" x="{WIDTH - RIGHT + 14}" y="{y + 4}">{bar.found.mean:.3f}</text>'
        )
    return _svg(height, title, parts)


def scatter_chart(points: Sequence[Point], title: str) -> str:
    """Return quality against milliseconds (logarithmic); up and left is better."""
    points = [
        p for p in points if p.milliseconds > 0 and not math.isnan(p.milliseconds + p.quality)
    ]
    if not points:
        return ""
    height, top, bottom = 300, 30, 250
    first = 10 ** math.floor(math.log10(min(p.milliseconds for p in points)))
    last = 10 ** math.ceil(math.log10(max(p.milliseconds for p in points) * 1.01))
    low, high = _range([p.quality for p in points], [p.quality for p in points])
    parts = []
    for i in range(5):
        value = low + (high - low) * i / 4
        y = bottom - (bottom - top) * i / 4
        parts.append(
            f'<line class="grid" x1="60" x2="{WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="52" y="{y + 4:.1f}" text-anchor="end">{value:.2f}</text>'
        )
    decade = first
    while decade <= last * 1.001:
        x = _log_x(decade, first, last)
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">'
            f"{_milliseconds(decade)}</text>"
        )
        decade *= 10
    taken: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda p: (-p.quality, p.milliseconds)):
        x = _log_x(point.milliseconds, first, last)
        y = bottom - (bottom - top) * (point.quality - low) / (high - low)
        at = _free(x, y, taken)
        end = x > WIDTH * 0.7
        anchor, beside = ("end", x - 11) if end else ("start", x + 11)
        parts.append(
            f'<circle class="dot {"strong" if point.strong else "plain"}" cx="{x:.1f}" '
            f'cy="{y:.1f}" r="6"/><text class="label" x="{beside:.1f}" y="{at + 4:.1f}" '
            f'text-anchor="{anchor}">{escape(point.label)}</text>'
        )
    parts.append(
        f'<text class="tick" x="{WIDTH / 2}" y="{height - 8}" text-anchor="middle">'
        "time for a question, median (logarithmic)</text>"
    )
    return _svg(height, title, parts)


def _free(x: float, y: float, taken: list[tuple[float, float]]) -> float:
    """Return a height for a label at which no earlier one stands."""
    at = y
    while any(abs(x - other) < 220 and abs(at - height) < 15 for other, height in taken):
        at -= 15
    taken.append((x, at))
    return at


def _range(lows: Sequence[float], highs: Sequence[float]) -> tuple[float, float]:
    low, high = min(lows), max(highs)
    room = max((high - low) * 0.15, 0.02)
    return max(0.0, low - room), min(1.0, high + room) if high <= 1 else high + room


def _axis(low: float, high: float, bottom: float) -> str:
    parts = []
    for i in range(5):
        value = low + (high - low) * i / 4
        x = _x(value, low, high)
        parts.append(
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="2" y2="{bottom}"/>'
            f'<text class="tick" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">'
            f"{value:.2f}</text>"
        )
    return "".join(parts)


def _x(value: float, low: float, high: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)


def _log_x(value: float, first: float, last: float) -> float:
    share = math.log10(value / first) / math.log10(last / first)
    return 75 + (WIDTH - 130) * share


def _milliseconds(value: float) -> str:
    if value >= 1000:
        return f"{value / 1000:g} s"
    return f"{value:g} ms" if value >= 1 else f"{value * 1000:g} µs"


def _svg(height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
