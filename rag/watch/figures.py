"""Figures of the question log: times, rates, counts, alerts. Pure functions of its entries.

Percentiles interpolate linearly between the two nearest values (numpy's default), as everywhere in
Ranklens. A rate without anything to count is None, never 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.evaluate.data import total
from rag.settings import Settings
from rag.watch.entry import Entry

RANKING, FIRST_TOKEN, ANSWER = "ranking", "first token", "answer"
ALERTS = (
    "alert_p95_ms",
    "alert_first_token_ms",
    "alert_fallback_rate",
    "alert_refusal_rate",
    "alert_dislike_rate",
)
SLOWEST = 10
BUCKETS = 30


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of ``count`` times, in seconds."""

    count: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Rate:
    """``part`` of ``whole``; ``share`` is None where there is nothing to count."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """The part as a share of the whole, 0 to 1."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Bucket:
    """The questions that were asked from ``start`` to before ``end`` (seconds since 1970)."""

    start: float
    end: float
    questions: int
    times: Mapping[str, Percentiles]
    fallbacks: Rate
    gain: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that the Monitor page shows of one window.

    ``times`` holds the ranking as a whole, the time to the answer's first words, then every stage
    and the answer. ``gain`` is the mean of nDCG@10 after minus before reranking over the
    ``judged`` questions (`rag.watch.gain`), None where there is none. ``cost`` is in dollars, None
    where there is no question, or the price of one is not known.
    """

    questions: int
    times: Mapping[str, Percentiles]
    fallbacks: Rate
    refusals: Rate
    failures: Rate
    cache_hits: Rate
    dislikes: Rate
    tokens: int
    cost: float | None
    gain: float | None
    judged: int
    slowest: tuple[Entry, ...]
    buckets: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """A figure beyond its threshold, both in the threshold's unit; ``option`` sets it."""

    option: str
    value: float
    threshold: float


def figures(
    entries: Sequence[Entry],
    since: float,
    until: float,
    gains: Mapping[int, float] | None = None,
    buckets: int = BUCKETS,
) -> Figures:
    """Work out the figures of entries asked from ``since`` to before ``until``.

    ``gains`` maps a turn to its rerank gain.
    """
    entries = [entry for entry in entries if since <= entry.asked < until]
    gains = gains or {}
    known = _known_gains(entries, gains)
    return Figures(
        questions=len(entries),
        times=times(entries),
        fallbacks=fallbacks(entries),
        refusals=_rate(entry.refused for entry in entries),
        failures=_rate(bool(entry.error) for entry in entries if entry.answering is not None),
        cache_hits=Rate(sum(e.cache_hits for e in entries), sum(e.pairs for e in entries)),
        dislikes=_rate(None if entry.liked is None else not entry.liked for entry in entries),
        tokens=sum(entry.tokens for entry in entries),
        cost=total(entry.cost for entry in entries),
        gain=_mean(known),
        judged=len(known),
        slowest=tuple(sorted(entries, key=lambda e: -e.ranking)[:SLOWEST]),
        buckets=_buckets(entries, since, until, gains, buckets),
    )


def times(entries: Iterable[Entry]) -> dict[str, Percentiles]:
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


def fallbacks(entries: Sequence[Entry]) -> Rate:
    """Return how many questions had a stage that fell back."""
    return _rate(bool(entry.fell_back) for entry in entries)


def alerts(found: Figures, settings: Settings) -> list[Alert]:
    """Return what is beyond its threshold; nothing from fewer than ``alert_least`` questions."""
    ranking, first = found.times.get(RANKING), found.times.get(FIRST_TOKEN)
    rates = (found.fallbacks, found.refusals, found.dislikes)
    values: list[tuple[int, float | None]] = [
        *((time.count, time.p95 * 1000) if time else (0, None) for time in (ranking, first)),
        *((rate.whole, rate.share) for rate in rates),
    ]
    return [
        Alert(option, value, threshold)
        for option, (count, value) in zip(ALERTS, values, strict=True)
        if (threshold := getattr(settings, option))
        and value is not None
        and count >= settings.alert_least
        and value > threshold
    ]


def _buckets(
    entries: Sequence[Entry], since: float, until: float, gains: Mapping[int, float], count: int
) -> tuple[Bucket, ...]:
    """Cut the window into equal pieces; the time of each is its own."""
    width = (until - since) / count
    pieces: list[list[Entry]] = [[] for _ in range(count)]
    for entry in entries:
        pieces[min(count - 1, int((entry.asked - since) / width))].append(entry)
    return tuple(
        Bucket(
            start=since + place * width,
            end=since + (place + 1) * width,
            questions=len(piece),
            times=times(piece),
            fallbacks=fallbacks(piece),
            gain=_mean(_known_gains(piece, gains)),
        )
        for place, piece in enumerate(pieces)
    )


def _known_gains(entries: Iterable[Entry], gains: Mapping[int, float]) -> list[float]:
    turns = [entry.turn for entry in entries if entry.turn is not None]
    return [gains[turn] for turn in turns if turn in gains]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _rate(found: Iterable[bool | None]) -> Rate:
    """Count what is true among what is known."""
    known = [value for value in found if value is not None]
    return Rate(sum(known), len(known))
