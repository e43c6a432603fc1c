"""Charts over time as HTML: one column a piece of the window, on one scale."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from rag.watch.figures import Bucket, Percentiles
from ui.shared.frame import escape
from ui.shared.stages import duration

DAY = 86400.0
Say = Callable[[float], str]


def times(buckets: Sequence[Bucket], name: str, said: str) -> str:
    """Return percentiles of one time: a bar from p50 to p99, a line at p95, a dot at p50."""
    held = [(place, bucket.times[name]) for place, bucket in enumerate(buckets)
            if name in bucket.times]  # fmt: skip
    top = max((p.p99 for _, p in held), default=0.0)
    if not top:
        return ""
    columns = "".join(_range(buckets[at], at, len(buckets), p, top) for at, p in held)
    return _plot(f"{said}: p50, p95 and p99 over time", columns, buckets, 0.0, top, _time)


def counts(buckets: Sequence[Bucket], said: str) -> str:
    """Return the number of questions as bars; those that fell back are hatched at the foot."""
    top = max((bucket.questions for bucket in buckets), default=0)
    if not top:
        return ""
    columns = "".join(
        _column(
            place, len(buckets), f"{_span(bucket)}: {_asked(bucket)}",
            f'<i style="--from:0%;--to:{bucket.questions / top:.1%}"></i>'
            f'<i class="fell" style="--from:0%;--to:{bucket.fallbacks.part / top:.1%}"></i>',
        )
        for place, bucket in enumerate(buckets)
        if bucket.questions
    )  # fmt: skip
    return _plot(said, columns, buckets, 0.0, float(top), _whole)


def gains(buckets: Sequence[Bucket], said: str) -> str:
    """Return the rerank gain as bars up and down from zero."""
    held = [(place, b.gain) for place, b in enumerate(buckets) if b.gain is not None]
    if not held:
        return ""
    top = max(0.1, *(abs(gain) for _, gain in held))
    columns = "".join(
        _column(
            place, len(buckets), f"{_span(buckets[place])}: {gain:+.3f}",
            f'<i class="{"up" if gain >= 0 else "down"}" '
            f'style="--from:{50 + 50 * min(gain, 0) / top:.1f}%;'
            f'--to:{50 + 50 * max(gain, 0) / top:.1f}%"></i>',
        )
        for place, gain in held
    )  # fmt: skip
    return _plot(said, columns, buckets, -top, top, lambda value: f"{value:+.2f}" if value else "0")


def when(moment: float, window: float) -> str:
    """Write a moment in the reader's own time, as finely as a window of so many seconds needs."""
    form = "%H:%M" if window <= DAY * 1.01 else "%d %b"
    return datetime.fromtimestamp(moment).astimezone().strftime(form)


def moment(seconds: float) -> str:
    """Write a moment with its day, in the reader's own time."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%d %b %H:%M")


def _range(bucket: Bucket, place: int, count: int, p: Percentiles, top: float) -> str:
    said = (
        f"{_span(bucket)}: p50 {duration(p.p50)}, p95 {duration(p.p95)}, "
        f"p99 {duration(p.p99)} of {p.count:,}"
    )
    inside = (
        f'<i style="--from:{p.p50 / top:.1%};--to:{p.p99 / top:.1%}"></i>'
        f'<u style="--at:{p.p95 / top:.1%}"></u><b style="--at:{p.p50 / top:.1%}"></b>'
    )
    return _column(place, count, said, inside)


def _column(place: int, count: int, said: str, inside: str) -> str:
    at = f"--x:{place / count:.3%};--w:{1 / count:.3%}"
    return f'<span class="column" style="{at}" title="{escape(said)}">{inside}</span>'


def _plot(
    said: str, columns: str, buckets: Sequence[Bucket], low: float, high: float, say: Say
) -> str:
    ticks = "".join(_ticks(buckets, low, high, say))
    return (
        f'<div class="rl-plot over-time" role="img" aria-label="{escape(said)}">{ticks}{columns}'
        "</div>"
    )


def _ticks(buckets: Sequence[Bucket], low: float, high: float, say: Say) -> Iterator[str]:
    for share in (0.0, 0.5, 1.0):
        at = f"--y:{share:.0%}"
        yield f'<span class="grid" style="{at}"></span>'
        yield f'<span class="tick y" style="{at}">{say(low + share * (high - low))}</span>'
    start, end = buckets[0].start, buckets[-1].end
    for share, side in ((0.0, "first"), (0.5, ""), (1.0, "last")):
        label = when(start + share * (end - start), end - start)
        yield f'<span class="tick x {side}" style="--x:{share:.0%}">{escape(label)}</span>'


def _span(bucket: Bucket) -> str:
    window = bucket.end - bucket.start
    form = "%d %b %H:%M" if window < DAY else "%d %b"
    return datetime.fromtimestamp(bucket.start).astimezone().strftime(form)


def _asked(bucket: Bucket) -> str:
    fell = f", {bucket.fallbacks.part:,} fell back" if bucket.fallbacks.part else ""
    return f"{bucket.questions:,} asked{fell}"


def _time(seconds: float) -> str:
    return duration(seconds) if seconds else "0"


def _whole(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else ""
