"""Figures of the question log: times, rates, counts, alerts. Pure functions of its entries.

Percentiles interpolate linearly between the two nearest values (numpy's default), as everywhere in
Ranklens. A rate without anything to count is None, never 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag.evaluate.data import total
from rag.llm.prices import dollars
from rag.settings import Settings
from rag.types import StageName
from rag.watch.entry import LogEntry

RANKING, FIRST_TOKEN, ANSWER = "ranking", "first token", "answer"
# Rate → whether it is true of a question; None if that is not known of it.
RATES: Mapping[str, Callable[[LogEntry], bool | None]] = {
    "fallback": lambda entry: bool(entry.fell_back),
    "refusal": lambda entry: entry.refused,
    "failure": lambda entry: bool(entry.error) if entry.answering is not None else None,
    "dislike": lambda entry: None if entry.liked is None else not entry.liked,
}
ALERTS = {
    "alert_p95_ms": "Ranking takes {0:,.0f} ms or more for one question in 20",
    "alert_rerank_ms": "Reranking takes {0:,.0f} ms or more for one question in 20",
    "alert_first_token_ms": "The answer's first words come after {0:,.0f} ms or more for one "
    "question in 20",
    "alert_fallback_rate": "{0:.1%} of the questions fell back",
    "alert_refusal_rate": "{0:.1%} of the answers are refusals",
    "alert_dislike_rate": "{0:.1%} of the verdicts are thumbs down",
    "alert_cost_usd": "A question costs ${0:.4f} on average",
    "alert_gain": "Reranking gains {0:+.3f} nDCG@10 on judged questions that were asked",
}
SLOWEST = 10
BUCKETS = 30
ALERT_FROM = 10  # questions, answers or verdicts: fewer are chance


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of ``count`` times, in seconds."""

    count: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Rate:
    """``part`` of ``whole``; ``share`` is None if there is nothing to count."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """The part as a share of the whole, 0 to 1."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class LogFigures:
    """What is shown of the questions asked from ``start`` to before ``end`` (seconds since 1970).

    ``times`` holds the ranking as a whole, the time to the answer's first words, then every stage
    and the answer. ``rates`` has the names of `RATES`, and ``cache_hit``. ``gain`` is the mean of
    nDCG@10 after minus before reranking over the ``judged`` questions (`rag.watch.gain`), None if
    there is none. ``cost`` is in dollars, None if there is no question or a price is not known.
    ``buckets`` are the figures of equal pieces of the time.
    """

    start: float
    end: float
    questions: int
    times: Mapping[str, Percentiles]
    rates: Mapping[str, Rate]
    tokens: int
    cost: float | None
    gain: float | None
    judged: int
    slowest: tuple[LogEntry, ...] = ()
    buckets: tuple[LogFigures, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """A figure beyond its threshold, both in the threshold's unit; ``option`` sets it."""

    option: str
    value: float
    threshold: float

    @property
    def words(self) -> str:
        """Which figure is beyond which threshold, in words."""
        shown = ALERTS[self.option].format(self.value)
        if self.option == "alert_gain":
            limit = f"{self.threshold:+.3f}"
        elif self.option == "alert_cost_usd":
            limit = dollars(self.threshold)
        elif self.option.endswith("_ms"):
            limit = f"{self.threshold:,.0f} ms"
        else:
            limit = f"{self.threshold:.1%}"
        return f"{shown}; {self.option} is {limit}."


def figures(
    entries: Sequence[LogEntry],
    since: float,
    until: float,
    gains: Mapping[int, float] | None = None,
    buckets: int = BUCKETS,
) -> LogFigures:
    """Return the figures of entries asked from ``since`` to before ``until``.

    ``gains`` maps a turn to its rerank gain.
    """
    entries = [entry for entry in entries if since <= entry.asked < until]
    width = (until - since) / buckets
    pieces: list[list[LogEntry]] = [[] for _ in range(buckets)]
    for entry in entries:
        pieces[min(buckets - 1, int((entry.asked - since) / width))].append(entry)
    return replace(
        _of(entries, since, until, gains or {}),
        slowest=tuple(sorted(entries, key=lambda entry: -entry.ranking)[:SLOWEST]),
        buckets=tuple(
            _of(piece, since + place * width, since + (place + 1) * width, gains or {})
            for place, piece in enumerate(pieces)
        ),
    )


def times(entries: Iterable[LogEntry]) -> dict[str, Percentiles]:
    """Return percentiles of the ranking, of the first words, of every stage and of the answer."""
    found: dict[str, list[float]] = defaultdict(list)
    last: list[float] = []
    for entry in entries:
        found[RANKING].append(entry.ranking)
        if entry.to_first_token is not None:
            found[FIRST_TOKEN].append(entry.to_first_token)
        for stage in entry.stages:
            found[stage.name].append(stage.seconds)
        if entry.answering is not None:
            last.append(entry.answering)
    return {
        name: percentiles(values) for name, values in (*found.items(), (ANSWER, last)) if values
    }


def percentiles(seconds: Sequence[float]) -> Percentiles:
    """Return the percentiles of at least one time."""
    p50, p95, p99 = np.percentile(np.asarray(seconds, np.float64), (50, 95, 99))
    return Percentiles(len(seconds), float(p50), float(p95), float(p99))


_TIMES = {
    "alert_p95_ms": RANKING,
    "alert_rerank_ms": StageName.RERANKED,
    "alert_first_token_ms": FIRST_TOKEN,
}


def watched(found: LogFigures) -> dict[str, tuple[int, float | None]]:
    """Return option of an alert → how many questions its figure is of, and the figure."""
    values: dict[str, tuple[int, float | None]] = {}
    for option, name in _TIMES.items():
        time = found.times.get(name)
        values[option] = (time.count, time.p95 * 1000) if time else (0, None)
    for name in ("fallback", "refusal", "dislike"):
        values[f"alert_{name}_rate"] = (found.rates[name].whole, found.rates[name].share)
    mean = found.cost / found.questions if found.cost is not None and found.questions else None
    values["alert_cost_usd"] = (found.questions, mean)
    values["alert_gain"] = (found.judged, found.gain)
    return values


def alerts(found: LogFigures, settings: Settings) -> list[Alert]:
    """Return what is beyond its threshold; nothing from fewer than `ALERT_FROM` questions."""
    thresholds = {option: getattr(settings, option) for option in ALERTS}
    return [
        Alert(option, value, threshold)
        for option, (count, value) in watched(found).items()
        if (threshold := thresholds[option]) is not None
        and value is not None
        and count >= ALERT_FROM
        and (value < threshold if option == "alert_gain" else value > threshold > 0)
    ]


def _of(
    entries: Sequence[LogEntry], start: float, end: float, gains: Mapping[int, float]
) -> LogFigures:
    known = [gains[turn] for entry in entries if (turn := entry.turn) is not None and turn in gains]
    rates = {name: _rate(map(holds, entries)) for name, holds in RATES.items()}
    cached = Rate(sum(e.cache_hits for e in entries), sum(e.pairs for e in entries))
    return LogFigures(
        start,
        end,
        questions=len(entries),
        times=times(entries),
        rates={**rates, "cache_hit": cached},
        tokens=sum(entry.tokens for entry in entries),
        cost=total(entry.cost for entry in entries),
        gain=sum(known) / len(known) if known else None,
        judged=len(known),
    )


def _rate(found: Iterable[bool | None]) -> Rate:
    """Count what is true among what is known."""
    known = [value for value in found if value is not None]
    return Rate(sum(known), len(known))
