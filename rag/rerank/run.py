"""The one place that runs rerankers: policy, budget, deadline, fallback chain, ranking.

Whatever goes wrong, no candidate is lost: the next reranker of the chain or the fused order stands,
and the stage says why.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from rag.errors import RanklensError, RerankError
from rag.rerank.base import Context, Entry, Ranker, Reranker, Scores, leaves
from rag.rerank.breaker import Breaker
from rag.rerank.combine import Asked, score, with_tail
from rag.rerank.leaf import Leaves
from rag.rerank.load import Loader
from rag.rerank.policy import PROBE, Costs, decide
from rag.rerank.table import NONE, choose, resolve
from rag.settings import Settings
from rag.types import Candidate, Scalar, Stage, ranked

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Scores of a whole pool, and what is to be said about them."""

    scores: Scores
    notes: tuple[str, ...] = ()


class Rerankers:
    """Runs rerankers, and what all questions share: loaded models, scores on disk, failures, costs.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self.breaker = Breaker()
        self.costs = Costs()
        self._loader = Loader()

    def rank(self, query: str, pool: Sequence[Candidate], context: Context) -> Stage:
        """Rank a pool into the stage ``reranked``; never loses a candidate.

        The deadline counts from the call, loading included. Raises `SettingsError` where the
        settings name a reranker that does not exist.
        """
        started = time.perf_counter()
        ranker, why = choose(context)
        others = _fallbacks(context.settings)
        decision = decide(pool, context.settings)
        details = dict(decision.details or {})
        notes = [why, decision.note]
        fell_back = False
        scores: Sequence[float] = [c.fused for c in pool]
        if pool and decision.rerank and ranker is not NONE:
            used, outcome, failures = self._first_that_works(
                (ranker, *others), query, pool, context, started
            )
            fell_back = outcome is None
            notes += _told(failures, used)
            if outcome is not None and used is not None:
                ranker, scores = used, outcome.scores
                details |= outcome.scores.details
                notes += outcome.notes
        return Stage(
            name="reranked",
            hits=ranked((c.chunk, s) for c, s in zip(pool, scores, strict=True)),
            seconds=time.perf_counter() - started,
            note="; ".join(note for note in notes if note),
            fell_back=fell_back,
            details={"reranker": ranker.name, "pairs": 0, **details},
        )

    def rank_many(self, asked: Sequence[Asked], context: Context) -> list[Stage]:
        """Rank the pools of many questions, in one pass of the model where it can do that.

        For fitting: no policy, no budget, and ``seconds`` is each question's share. Where the
        pass fails every question is ranked by itself (`rank`).
        """
        started = time.perf_counter()
        ranker, why = choose(context)
        settings = context.settings
        run = self._leaves(context)
        try:
            found = _within(
                settings.rerank_seconds * max(1, len(asked)),
                lambda: score(ranker, asked, run.score, settings),
                ranker.name,
            )
        except RanklensError as error:
            log.info("%s could not rank %d questions at once (%s)", ranker.name, len(asked), error)
            run.abandon()
            return [self.rank(query, pool, context) for query, pool in asked]
        seconds = (time.perf_counter() - started) / max(1, len(asked))
        return [
            Stage(
                "reranked",
                ranked((c.chunk, s) for c, s in zip(pool, scores, strict=True)),
                seconds,
                why,
                details={"reranker": ranker.name, **scores.details, "batch": len(asked)},
            )
            for (_, pool), scores in zip(asked, found, strict=True)
        ]

    def parts(self, context: Context) -> list[tuple[Entry, Reranker | None]]:
        """Return the single rerankers that the settings' one is made of, loaded.

        None stands for one that keeps the fused order. Raises `RerankError` where one cannot run.
        """
        ranker, _ = choose(context)
        run = self._leaves(context)
        return [(entry, run.load(entry)) for entry in leaves(ranker)]

    def close(self) -> None:
        """Let go of loaded models and of the scores on disk."""
        self._loader.close()

    def _first_that_works(
        self,
        chain: Sequence[Ranker],
        query: str,
        pool: Sequence[Candidate],
        context: Context,
        started: float,
    ) -> tuple[Ranker | None, _Ranked | None, dict[str, str]]:
        """Try one reranker after the other; the time left is shared among those that are left."""
        failures: dict[str, str] = {}
        for place, ranker in enumerate(chain):
            left = context.settings.rerank_seconds - (time.perf_counter() - started)
            run = self._leaves(context)
            try:
                outcome = _within(
                    left / (len(chain) - place),
                    partial(self._scored, ranker, query, pool, run),
                    ranker.name,
                )
            except RanklensError as error:
                run.abandon()
                failures[ranker.name] = str(error)
            else:
                return ranker, outcome, failures
        return None, None, failures

    def _scored(
        self, ranker: Ranker, query: str, pool: Sequence[Candidate], run: Leaves
    ) -> _Ranked:
        """Score the pool, or as much of it as the budget allows."""
        for entry in leaves(ranker):
            run.load(entry)  # once a process, so it is no part of what a pair costs
        settings = run.context.settings
        budget = settings.rerank_budget_ms / 1000
        started = time.perf_counter()
        name = self._costs_name(ranker, settings)
        if budget and self.costs.known(name) is None:
            self._timed(ranker, query, pool[:PROBE], run, name)
        left = budget - (time.perf_counter() - started)
        size = min(len(pool), self.costs.allowed(name, left)) if budget else len(pool)
        scores = self._timed(ranker, query, pool[:size], run, name)
        if size == len(pool):
            return _Ranked(scores)
        whole = with_tail(dict(enumerate(scores)), range(len(pool)))
        details: Mapping[str, Scalar] = {**scores.details, "pool_cut_to": size}
        note = (
            f"the first {size} of {len(pool)} candidates were reranked to keep within "
            f"{settings.rerank_budget_ms} ms ({1000 * (self.costs.known(name) or 0):.1f} ms a pair)"
        )
        return _Ranked(Scores(whole, details), (note,))

    def _timed(
        self, ranker: Ranker, query: str, pool: Sequence[Candidate], run: Leaves, name: str
    ) -> Scores:
        started = time.perf_counter()
        (scores,) = score(ranker, [(query, pool)], run.score, run.context.settings)
        if scores.details.get("pairs") and not scores.details.get("cache_hits"):
            self.costs.learn(name, time.perf_counter() - started, len(pool))
        return scores

    def _leaves(self, context: Context) -> Leaves:
        return Leaves(context, self._loader, self.breaker)

    @staticmethod
    def _costs_name(ranker: Ranker, settings: Settings) -> str:
        used = {name for entry in leaves(ranker) for name in entry.uses}
        return f"{ranker.name} {[getattr(settings, name) for name in sorted(used)]}"


def _fallbacks(settings: Settings) -> list[Ranker]:
    names = (name.strip() for name in settings.rerank_fallbacks.split(","))
    return [resolve(name) for name in names if name]


def _told(failures: Mapping[str, str], used: Ranker | None) -> list[str]:
    if not failures:
        return []
    reasons = "; ".join(failures.values())
    if used is None:
        return [f"fell back to the fused order: {reasons}"]
    return [f"{used.name} ranked instead of {', '.join(failures)}: {reasons}"]


def _within(seconds: float, task: Callable[[], T], name: str) -> T:
    """Run a task in a thread of its own and wait for it at most ``seconds``.

    A thread cannot be killed: one that hangs is left behind (it is a daemon, so it never keeps
    the process alive) and its result is thrown away.
    """
    result: list[T] = []
    failure: list[Exception] = []

    def run() -> None:
        try:
            result.append(task())
        # The boundary to other people's models and clients: anything may come, nothing may pass.
        except Exception as error:  # noqa: BLE001
            failure.append(error)

    thread = threading.Thread(target=run, name=f"rerank {name}", daemon=True)
    thread.start()
    thread.join(max(0.0, seconds))
    if failure:
        error = failure[0]
        if isinstance(error, RanklensError):
            raise error
        log.warning("reranker %s failed", name, exc_info=error)
        raise RerankError(f"{name} failed ({type(error).__name__}: {error})") from error
    if not result:
        raise RerankError(f"{name} gave no scores within {seconds:.3g} s")
    return result[0]
