import math
import re
from random import Random

import pytest

from rag.evaluate.fitting.fit import FittedThreshold, PrecisionRecall
from rag.evaluate.measures.statistics import Interval
from rag.evaluate.reports.charts import (
    TALL,
    IntervalRow,
    PipelineDot,
    front,
    intervals,
    learning_curve,
    precision_recall,
    quality_by_time,
    scale,
    segment,
)
from rag.evaluate.reports.rendering import STYLE


def test_the_front_holds_what_nothing_beats():
    slow, fast, beaten, twin = (
        PipelineDot("slow", 2.0, 0.9),
        PipelineDot("fast", 0.1, 0.5),
        PipelineDot("beaten", 1.0, 0.4),
        PipelineDot("twin", 2.0, 0.9),
    )
    assert front([slow, fast, beaten, twin]) == {slow, fast, twin}


def test_cost_keeps_a_cheap_dot_on_the_front_and_makes_an_expensive_one_larger():
    expensive, cheap, unknown = (
        PipelineDot("expensive", 0.5, 0.9, 0.02),
        PipelineDot("cheap", 1.0, 0.9, 0.001),
        PipelineDot("unknown", 0.5, 0.9, None),
    )
    assert front([expensive, cheap]) == {expensive, cheap}
    assert front([expensive, unknown]) == {expensive}
    assert front([unknown, PipelineDot("alike", 0.6, 0.9, None)]) == {unknown}
    chart = quality_by_time([expensive, cheap, PipelineDot("free", 0.2, 0.2)], "m")
    assert '<li class="front">expensive: 0.900 in 500 ms' in chart
    assert "$20.00 for 1,000" in chart
    assert "$1.00 for 1,000" in chart
    assert "the larger the dot" in chart
    sizes = [
        chart.split(f"{name}: ")[0].rsplit("--size:", 1)[1][:4] for name in ("expensive", "free")
    ]
    assert sizes == ["1.70", "0.80"]


@pytest.mark.parametrize("seed", range(20))
def test_numbers_cover_neither_each_other_nor_a_dot_at_any_width(seed):
    random = Random(seed)
    dots = [
        PipelineDot(f"p{n}", 10 ** random.uniform(-2.3, -1.6), random.uniform(0.5, 0.6),
                    random.choice([0.0, 0.02]))
        for n in range(random.randint(2, 8))
    ]  # fmt: skip
    chart = quality_by_time(dots, "m")
    number = re.compile(
        r'class="(dot|mark)[^"]*" style="--x:([\d.]+)%;--y:([\d.]+)%;'
        r"--(?:size:([\d.]+)rem|right:(-?[\d.]+)px;--up:(-?[\d.]+)px)"
    )
    for width in (250, 333, 480, 620):
        boxes = []
        for kind, x, y, size, right, up in number.findall(chart):
            wide, tall = (16 * float(size),) * 2 if kind == "dot" else (18.0, 16.0)
            middle = float(x) / 100 * width + float(right or 0)
            boxes.append((kind, middle, float(y) / 100 * 272 + float(up or 0), wide, tall))
        for mark in (one for one in boxes if one[0] == "mark"):
            for other in boxes:
                apart = abs(mark[1] - other[1]), abs(mark[2] - other[2])
                touches = 2 * apart[0] < mark[3] + other[3] and 2 * apart[1] < mark[4] + other[4]
                assert other is mark or not touches, (width, mark, other)


def test_charts_hold_their_values_within_the_frame():
    assert scale([0.5, 0.9]) == pytest.approx((0.44, 0.96))
    assert scale([1.0]) == (0.98, 1.0)
    row = intervals(
        [
            IntervalRow("a<b", Interval(0.5, 0.4, 0.6), True),
            IntervalRow("none", Interval(*[float("nan")] * 3)),
        ]
    )
    assert "a&lt;b" in row
    assert "none" not in row
    assert "--at:50.0%" in row
    assert quality_by_time([], "ndcg@10") == ""
    assert "--x:50.0%" in quality_by_time(
        [PipelineDot("a", 10**-1.5, 0.5), PipelineDot("b", 0.1, 0.6), PipelineDot("c", 0.01, 0.4)],
        "m",
    )


def test_the_curve_stands_where_its_points_are():
    points = (PrecisionRecall(0.9, 1.0, 0.5), PrecisionRecall(0.7, 0.5, 1.0))
    # half the width to the right, half the height (0.55 of the width) down
    length, turn = segment(*points)
    assert length == pytest.approx((0.5**2 + 0.275**2) ** 0.5)
    assert turn == pytest.approx(28.81, abs=0.01)
    assert segment(*reversed(points))[1] == pytest.approx(28.81 - 180, abs=0.01)
    drawn = precision_recall(FittedThreshold(points[0], points[1], points, points[:1]))
    assert f"aspect-ratio: 1 / {TALL}" in STYLE.read_text("utf-8")
    assert drawn.count('<i class="first" style') == 1
    assert '<i class="other" style' not in drawn
    assert '<b class="first" style="--x:50.00%;--y:100.00%"' in drawn
    assert "precision 1.00 and recall 0.50 on the half that chose" in drawn


def test_a_learning_curve_shows_each_gain_and_where_none_is():
    points = [(25, Interval(-0.01, -0.02, 0.0)), (50, Interval(0.01, 0.0, 0.02)),
              (100, Interval(0.03, 0.02, 0.04))]  # fmt: skip
    drawn = learning_curve(points, "nDCG@10")
    assert "-0.010 (-0.020 to +0.000) after 25, +0.010 (+0.000 to +0.020) after 50" in drawn
    heights = [float(share) for share in re.findall(r'class="bar"[^>]*--y:([\d.]+)%', drawn)]
    places = [float(share) for share in re.findall(r'class="bar" style="--x:([\d.]+)%', drawn)]
    (zero,) = re.findall(r'class="zero" style="--y:([\d.]+)%', drawn)
    assert heights[0] < heights[1] < heights[2]
    assert heights[1] == float(zero)
    assert places[2] == pytest.approx(4 * places[0], abs=0.5)


@pytest.mark.parametrize(
    "points", [[], [(25, Interval(0.1, 0.0, 0.2))], [(25, Interval(*[math.nan] * 3))] * 3]
)
def test_one_point_is_no_learning_curve(points):
    assert not learning_curve(points, "nDCG@10")
