import pytest

from rag.evaluate.fitting.fit import FittedThreshold, PrecisionRecall
from rag.evaluate.measures.statistics import Interval
from rag.evaluate.reports.charts import (
    TALL,
    IntervalRow,
    PipelineDot,
    front,
    intervals,
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
    assert "expensive · $20.00" in chart
    assert "cheap · $1.00" in chart
    assert "for 1,000 questions" in chart
    sizes = [
        chart.split(f"{name}: ")[0].rsplit("--size:", 1)[1][:4] for name in ("expensive", "free")
    ]
    assert sizes == ["1.70", "0.80"]


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
