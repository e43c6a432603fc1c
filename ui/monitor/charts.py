"""Charts over time: one column for each piece of the window, all on one scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from rag.text.labels import duration
from ranklens.monitoring import DAY, LogFigures
from ui.shared.html import macro

SHARES = (0.0, 0.5, 1.0)  # of each axis, where it has a tick


@dataclass(frozen=True, slots=True)
class Column:
    """One piece of the window: what it shows in words, and its bars, lines and dots.

    A mark is (element, class, style): ``i`` is a bar, ``u`` a line, ``b`` a dot.
    """

    title: str
    marks: Sequence[tuple[str, str, str]]


def times(buckets: Sequence[LogFigures], name: str, label: str) -> Markup:
    """Draw percentiles of one time: a bar from p50 to p99, a line at p95, a dot at p50."""
    top = max((one.times[name].p99 for one in buckets if name in one.times), default=0.0)

    def column(bucket: LogFigures) -> Column | None:
        p = bucket.times.get(name)
        if p is None:
            return None
        words = f"p50 {duration(p.p50)}, p95 {duration(p.p95)}, p99 {duration(p.p99)}"
        line, dot = f"--at:{p.p95 / top:.1%}", f"--at:{p.p50 / top:.1%}"
        bar = f"--from:{p.p50 / top:.1%};--to:{p.p99 / top:.1%}"
        return Column(f"{words} of {p.count:,}", [("i", "", bar), ("u", "", line), ("b", "", dot)])

    label = f"{label}: p50, p95 and p99 over time"
    return _plot(label, buckets, 0.0, top, lambda s: duration(s) if s else "0", column)


def counts(buckets: Sequence[LogFigures], label: str) -> Markup:
    """Draw the number of questions as bars; those that fell back are hatched at the foot."""
    top = max((bucket.questions for bucket in buckets), default=0)

    def column(bucket: LogFigures) -> Column | None:
        if not bucket.questions:
            return None
        fell = bucket.rates["fallback"].part
        marks = [("i", "", f"--from:0%;--to:{bucket.questions / top:.1%}")]
        marks += [("i", "fell", f"--from:0%;--to:{fell / top:.1%}")] if fell else []
        words = f"{bucket.questions:,} asked" + (f", {fell:,} fell back" if fell else "")
        return Column(words, marks)

    def whole(value: float) -> str:
        return f"{value:,.0f}" if value == int(value) else ""

    return _plot(label, buckets, 0.0, top, whole, column)


def gains(buckets: Sequence[LogFigures], label: str) -> Markup:
    """Draw the rerank gain as bars up and down from zero."""
    known = [abs(bucket.gain) for bucket in buckets if bucket.gain is not None]
    top = max(0.1, *known) if known else 0.0

    def column(bucket: LogFigures) -> Column | None:
        if (gain := bucket.gain) is None:
            return None
        low, high = (50 + 50 * value / top for value in (min(gain, 0), max(gain, 0)))
        style = f"--from:{low:.1f}%;--to:{high:.1f}%"
        return Column(f"{gain:+.3f}", [("i", "up" if gain >= 0 else "down", style)])

    return _plot(label, buckets, -top, top, lambda gain: f"{gain:+.2f}" if gain else "0", column)


def when(moment: float, window: float) -> str:
    """Write a moment in the reader's own time, as finely as a window of so many seconds needs."""
    if window < DAY / 2:
        return _local(moment, "%H:%M")
    return _local(moment, "%a %H:%M" if window <= DAY * 1.01 else "%d %b")


def day_and_time(moment: float) -> str:
    """Write a moment with its day, in the reader's own time."""
    return _local(moment, "%d %b %H:%M")


def _local(moment: float, form: str) -> str:
    return datetime.fromtimestamp(moment).astimezone().strftime(form)


def _plot(
    label: str,
    buckets: Sequence[LogFigures],
    low: float,
    high: float,
    write: Callable[[float], str],
    column: Callable[[LogFigures], Column | None],
) -> Markup:
    """Draw a column for each bucket that has one; nothing if the scale has no extent."""
    if low == high:
        return Markup()
    start, end = buckets[0].start, buckets[-1].end
    form = "%d %b %H:%M" if buckets[0].end - start < DAY else "%d %b"
    columns = [
        (place / len(buckets), _local(bucket.start, form), drawn)
        for place, bucket in enumerate(buckets)
        if (drawn := column(bucket))
    ]
    return macro("over_time", "monitor/monitor.html")(
        label,
        [(share, write(low + share * (high - low))) for share in SHARES],
        [(share, when(start + share * (end - start), end - start)) for share in SHARES],
        columns,
        1 / len(buckets),
    )
