"""Charts of figures as HTML, for the page and the report: charts.html draws what is placed here.

Streamlit's sanitiser removes SVG, so dots and lines are elements with a place in per cent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from rag.evaluate.fitting.fit import FittedThreshold, PrecisionRecall
from rag.evaluate.measures.figures import Figures, StageFigures
from rag.evaluate.measures.metrics import metric_label
from rag.evaluate.measures.statistics import Interval
from rag.evaluate.reports.rendering import TEMPLATES
from rag.evaluate.reports.verdict import pipeline_label
from rag.llm.prices import dollars
from rag.text.labels import duration, stage_title
from rag.types import RETRIEVERS

MARGIN = 0.15  # of the scale, beyond the outermost values
HEIGHT = 272.0  # pixels of the plot (figures.css: 17rem)
WIDTHS = tuple(range(240, 641, 20))  # those that it has on screens and in reports
REM = 16.0
NUMBER = (20.0, 18.0)  # width and height of a dot's number
LEAST, MOST = 0.8, 1.7  # rem across a dot, from no cost to the highest
TALL = 0.55  # the precision-recall box's height as a share of its width, as figures.css has it


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """A line of `intervals`; ``strong`` marks those that matter."""

    label: str
    interval: Interval
    strong: bool = False


@dataclass(frozen=True, slots=True)
class PipelineDot:
    """A pipeline in `quality_by_time`: seconds a question and a metric's mean.

    ``cost`` is a question's mean dollars, None if it is not known.
    """

    label: str
    seconds: float
    quality: float
    cost: float | None = 0.0

    @property
    def loss(self) -> tuple[float, float, float]:
        """What is to be small: seconds, dollars (an unknown price is the worst), minus quality."""
        return self.seconds, math.inf if self.cost is None else self.cost, -self.quality

    @property
    def summary(self) -> str:
        """Quality, time and price in words."""
        price = "" if self.cost == 0 else f", {dollars(self.cost)} a question"
        return f"{self.label}: {self.quality:.3f} in {duration(self.seconds)}{price}"


@dataclass(frozen=True, slots=True)
class PlacedDot:
    """A dot with its number in the key below the plot.

    ``x`` and ``y`` are shares of the width and height, ``size`` in rem, ``right`` and ``up`` the
    pixels from the dot to the middle of its number.
    """

    dot: PipelineDot
    number: int
    x: float
    y: float
    size: float
    right: float
    up: float
    is_front: bool

    @property
    def key(self) -> str:
        """What the key writes beside the number."""
        cost = self.dot.cost
        return self.dot.summary + (f", {dollars(1000 * cost)} for 1,000" if cost else "")


def stage_intervals(found: Figures) -> Markup:
    """Draw every stage's first metric; a stage that came out alike in all pipelines is one row."""
    metric = found.measures[0]
    rows: dict[str, IntervalRow] = {}
    for figures in found.runs:
        for stage in figures.stages.values():
            same = all(_alike(stage, other.stages.get(stage.name)) for other in found.runs)
            own = stage_title(stage.name)
            label = own if same else f"{pipeline_label(figures.run)} · {own}"
            strong = stage.name == figures.run.last
            rows.setdefault(label, IntervalRow(label, stage.metrics[metric], strong))
    return intervals(list(rows.values()))


def pipelines_by_time(found: Figures) -> Markup:
    """Draw the pipelines, and the retrievers alone beside them, by time and quality."""
    metric = found.measures[0]
    dots: dict[tuple[float, float], PipelineDot] = {}
    for figures in found.runs:
        for stage in figures.stages.values():
            last = stage.name == figures.run.last
            if last or (stage.name in RETRIEVERS and figures is found.runs[0]):
                seconds, cost = (figures.p50, figures.cost) if last else (stage.p50, 0.0)
                label = pipeline_label(figures.run) if last else f"{stage_title(stage.name)} alone"
                dot = PipelineDot(label, seconds, stage.metrics[metric].mean, cost)
                dots.setdefault((dot.seconds, dot.quality), dot)
    return quality_by_time(list(dots.values()), metric_label(metric))


def intervals(rows: Sequence[IntervalRow]) -> Markup:
    """Draw a dot with its confidence interval for each row, on one scale."""
    rows = [row for row in rows if not math.isnan(row.interval.mean)]
    if not rows:
        return Markup()
    low, high = scale([end for row in rows for end in (row.interval.low, row.interval.high)])
    return TEMPLATES.macro("charts.html", "intervals")(rows, low, high)


def gains(rows: Sequence[IntervalRow]) -> Markup:
    """Draw differences like `intervals`, on a scale that holds 0 and may be below it."""
    ends = [0.0, *(end for row in rows for end in (row.interval.low, row.interval.high))]
    room = max((max(ends) - min(ends)) * MARGIN, 0.02)
    low, high = min(ends) - room, max(ends) + room
    return TEMPLATES.macro("charts.html", "intervals")(rows, low, high)


def learning_curve(points: Sequence[tuple[int, Interval]], metric: str) -> Markup:
    """Draw a gain with its interval upwards, by the number of judged questions to the right."""
    points = [(count, one) for count, one in points if not math.isnan(one.mean)]
    if len(points) < 2:
        return Markup()
    ends = [0.0, *(end for _, one in points for end in (one.low, one.high))]
    room = max((max(ends) - min(ends)) * MARGIN, 0.005)
    low, high = min(ends) - room, max(ends) + room
    most = 1.06 * max(count for count, _ in points)
    return TEMPLATES.macro("charts.html", "learning_curve")(points, metric, low, high, most)


def quality_by_time(
    dots: Sequence[PipelineDot], metric: str, time: str = "median", key: bool = True
) -> Markup:
    """Draw quality against time (logarithmic); up and left is better, the front is filled.

    A dot is the larger the more its questions cost. ``time`` is which one the dots have. Without
    ``key`` only the front is named below.
    """
    dots = [d for d in dots if d.seconds > 0 and not math.isnan(d.seconds + d.quality)]
    if not dots:
        return Markup()
    first = math.floor(math.log10(min(d.seconds for d in dots)))
    last = max(first + 1, math.ceil(math.log10(max(d.seconds for d in dots))))
    ends = scale([d.quality for d in dots])
    placed = list(_placed(dots, (first, last), ends))
    decades = [duration(10.0**power) for power in range(first, last + 1)]
    priced = any(d.cost for d in dots)
    draw = TEMPLATES.macro("charts.html", "quality_by_time")
    return draw(metric, placed, decades, *ends, priced, time, key)


def precision_recall(found: FittedThreshold) -> Markup:
    """Draw the curves of both halves: recall to the right, precision upwards, 0 to 1."""
    lines = [
        (kind, start, *segment(start, end))
        for kind, points in (("other", found.held_out_curve), ("first", found.curve))
        for start, end in pairwise(points)
    ]
    return TEMPLATES.macro("charts.html", "precision_recall")(found, lines)


def segment(start: PrecisionRecall, end: PrecisionRecall) -> tuple[float, float]:
    """Return a line's length as a share of the box's width, and its angle in degrees, clockwise.

    Both hold at every width, for the box keeps its proportions.
    """
    right, down = end.recall - start.recall, (start.precision - end.precision) * TALL
    return math.hypot(right, down), math.degrees(math.atan2(down, right))


def front(dots: Sequence[PipelineDot]) -> set[PipelineDot]:
    """Return the Pareto front: dots that no other beats on quality, time and cost at once."""
    return {
        dot
        for dot in dots
        if not any(
            other.loss != dot.loss
            and all(mine <= its for mine, its in zip(other.loss, dot.loss, strict=True))
            for other in dots
        )
    }


def scale(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of a scale with some room beside the values, within 0 and 1."""
    low, high = min(values), max(values)
    room = max((high - low) * MARGIN, 0.02)
    return max(0.0, low - room), max(min(1.0, high + room), high)


def _alike(stage: StageFigures, other: StageFigures | None) -> bool:
    return other is not None and stage.scores == other.scores


def _placed(
    dots: Sequence[PipelineDot], decades: tuple[int, int], ends: tuple[float, float]
) -> Iterator[PlacedDot]:
    """Place dots and number them from the best; no number covers a dot or another number."""
    highest = max((dot.cost or 0.0 for dot in dots), default=0.0)
    best = front(dots)
    numbered = sorted(dots, key=lambda d: (-d.quality, d.seconds))
    boxes: list[PlotBox] = []
    for dot in numbered:
        x = (math.log10(dot.seconds) - decades[0]) / (decades[1] - decades[0])
        y = (dot.quality - ends[0]) / (ends[1] - ends[0])
        share = (dot.cost or 0.0) / highest if highest else 0.0
        boxes.append(PlotBox(x, y, (LEAST + (MOST - LEAST) * share) * REM))
    taken = list(boxes)
    for number, (dot, box) in enumerate(zip(numbered, boxes, strict=True), 1):
        free = [one for one in _beside(box) if not any(map(one.covers, taken))]
        mark = next(iter(free), next(_beside(box)))
        taken.append(mark)
        size = box.width / REM
        yield PlacedDot(dot, number, box.x, box.y, size, mark.right, mark.up, dot in best)


@dataclass(frozen=True, slots=True)
class PlotBox:
    """A rectangle in the plot: the share of width and height that it stands at, and pixels."""

    x: float
    y: float
    width: float
    height: float = 0.0
    right: float = 0.0
    up: float = 0.0

    def covers(self, other: PlotBox) -> bool:
        """Whether it touches another one in a plot of any of the `WIDTHS`."""
        tall = (self.height or self.width) + (other.height or other.width)
        above = abs((self.y - other.y) * HEIGHT + self.up - other.up)
        if 2 * above >= tall:
            return False
        apart = (abs((self.x - other.x) * w + self.right - other.right) for w in WIDTHS)
        return any(2 * gap < self.width + other.width for gap in apart)


def _beside(dot: PlotBox) -> Iterator[PlotBox]:
    """Yield places for a dot's number, the nearest first."""
    for step in range(6):
        across = (dot.width + NUMBER[0]) / 2 + 1 + step * 5
        along = (dot.width + NUMBER[1]) / 2 + 1 + step * 5
        for right, up in (
            (across, 0), (-across, 0), (0, along), (0, -along),
            (across, along), (across, -along), (-across, along), (-across, -along),
        ):  # fmt: skip
            yield PlotBox(dot.x, dot.y, *NUMBER, right, up)
