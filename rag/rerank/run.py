"""The one place that runs rerankers: policy, then cache and budget, then fallbacks, then the note.

No candidate is ever lost: if a reranker fails, the next of the chain or the fused order stands, and
the stage's note has the reasons.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from rag.errors import RanklensError, RerankError
from rag.models.coverage import NOTED, knowledge, pool_sample
from rag.models.deadline import within
from rag.rerank.base import Combined, Context, Entry, QueryPool, Ranker, Reranker, Scores, leaves
from rag.rerank.breaker import Breaker
from rag.rerank.combine import score, with_tail
from rag.rerank.policy import PROBE, Costs, decide
from rag.rerank.single import Attempt, Loader
from rag.rerank.table import AUTO, NONE, choose, resolve
from rag.settings import Settings
from rag.types import Candidate, Stage, StageName, ranked

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Scores of a whole pool, the reranker that gave them, and the parts of the stage's note."""

    reranker: str
    scores: Scores
    notes: tuple[str, ...] = ()
    fell_back: bool = False


class Rerankers:
    """Runs rerankers, and what all questions share: loaded models, scores on disk, failures, costs.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self.breaker = Breaker()
        self.costs = Costs()
        self._loader = Loader()

    def rank(
        self,
        query: str,
        pool: Sequence[Candidate],
        context: Context,
        stop: threading.Event | None = None,
    ) -> Stage:
        """Rank a pool into the stage ``reranked``; never loses a candidate.

        The deadline counts from the call, loading included. Raises `SettingsError` if the settings
        name a reranker that does not exist, and `RanklensError` once ``stop`` is set.
        """
        started = time.perf_counter()
        ranker, why = choose(context)
        chain = (ranker, *_fallbacks(context.settings))
        decision = decide(pool, context.settings)
        outcome = _Outcome(ranker.name, Scores(c.fused for c in pool))
        if pool and decision.rerank and ranker is not NONE:
            outcome = self._first_that_works(chain, query, pool, context, started, stop)
        elif context.settings.rerank_instruction.strip():
            why = "; ".join(filter(None, (why, "rerank_instruction is not used without reranking")))
        details = {**(decision.details or {}), **outcome.scores.details}
        return Stage(
            name=StageName.RERANKED,
            hits=ranked((c.chunk, s) for c, s in zip(pool, outcome.scores, strict=True)),
            seconds=time.perf_counter() - started,
            note="; ".join(filter(None, (why, decision.note, *outcome.notes))),
            fell_back=outcome.fell_back,
            reranker=outcome.reranker,
            skipped=not decision.rerank,
            details={"pairs": 0, **details},
        )

    def rank_many(self, pools: Sequence[QueryPool], context: Context) -> list[Stage]:
        """Rank the pools of many questions, in one pass of the model if it can do that.

        For fitting: no policy, no budget, and ``seconds`` is each question's share. If the pass
        fails every question is ranked by itself (`rank`).
        """
        started = time.perf_counter()
        ranker, why = choose(context)
        count, settings = max(1, len(pools)), context.settings
        attempt = self._attempt(context)
        try:
            if any(_suited(ranker, query, pool, attempt)[1] for query, pool in pools):
                return [self.rank(query, pool, context) for query, pool in pools]
            why = "; ".join(filter(None, (why, attempt.without_instruction(ranker))))
            found = _within(
                settings.rerank_seconds * count,
                lambda: score(ranker, pools, attempt, settings),
                ranker.name,
            )
        except RanklensError as error:
            log.info("%s could not rank %d questions at once (%s)", ranker.name, len(pools), error)
            attempt.abandon()
            return [self.rank(query, pool, context) for query, pool in pools]
        seconds = (time.perf_counter() - started) / count
        return [
            Stage(
                StageName.RERANKED,
                ranked((c.chunk, s) for c, s in zip(pool, scores, strict=True)),
                seconds,
                why,
                reranker=ranker.name,
                details={**scores.details, "batch": len(pools)},
            )
            for (_, pool), scores in zip(pools, found, strict=True)
        ]

    def parts(self, context: Context) -> list[tuple[Entry, Reranker | None]]:
        """Return the single rerankers that the settings' one is made of, loaded.

        None stands for one that keeps the fused order. Raises `RerankError` if one cannot run.
        """
        ranker, _ = choose(context)
        attempt = self._attempt(context)
        return [(entry, attempt.load(entry)) for entry in leaves(ranker)]

    def read_in_part(self, query: str, texts: Sequence[str], context: Context) -> tuple[int, ...]:
        """Return the places of texts that are longer than a reranker of this machine reads.

        None if it does not know how much it reads, or cannot run: `rank` reports that.
        """
        ranker, _ = choose(context)
        attempt, cut = self._attempt(context), set[int]()
        for entry in leaves(ranker):
            with suppress(RanklensError):
                reranker = None if entry.remote else attempt.load(entry)
                reading = getattr(reranker, "reading", None)
                found = enumerate(reading(query, texts) if reading else [])
                cut |= {place for place, one in found if one.read < one.total}
        return tuple(sorted(cut))

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
        stop: threading.Event | None,
    ) -> _Outcome:
        """Try one reranker after the other; the time left is shared among those that are left."""
        failures: dict[str, str] = {}
        for place, ranker in enumerate(chain):
            left = context.settings.rerank_seconds - (time.perf_counter() - started)
            attempt = self._attempt(context)
            task = partial(self._within_budget, ranker, query, pool, attempt)
            try:
                scores, note = _within(left / (len(chain) - place), task, ranker.name, stop)
            except RanklensError as error:
                if stop is not None and stop.is_set():  # which is no failure of the reranker
                    raise
                attempt.abandon()
                failures[ranker.name] = str(error)
                continue
            if not failures:
                return _Outcome(ranker.name, scores, (note,))
            instead = f"{ranker.name} ranked instead of {', '.join(failures)}: "
            return _Outcome(ranker.name, scores, (instead + "; ".join(failures.values()), note))
        reasons = f"fell back to the fused order: {'; '.join(failures.values())}"
        return _Outcome(chain[0].name, Scores(c.fused for c in pool), (reasons,), fell_back=True)

    def _within_budget(
        self, ranker: Ranker, query: str, pool: Sequence[Candidate], attempt: Attempt
    ) -> tuple[Scores, str]:
        """Score the pool, or as much of it as the budget allows; return the scores and a note."""
        for entry in leaves(ranker):
            attempt.load(entry)  # once a process, so it is no part of what a pair costs
        settings = attempt.context.settings
        deaf = attempt.without_instruction(ranker)
        ranker, why = _suited(ranker, query, pool, attempt)
        why = "; ".join(filter(None, (deaf, why)))
        budget, started = settings.rerank_budget_ms / 1000, time.perf_counter()
        name = _costs_name(ranker, settings)
        if budget and self.costs.known(name) is None:
            self._timed(ranker, query, pool[:PROBE], attempt, name)
        left = budget - (time.perf_counter() - started)
        size = min(len(pool), self.costs.allowed(name, left)) if budget else len(pool)
        scores = self._timed(ranker, query, pool[:size], attempt, name)
        if size == len(pool):
            return scores, why
        whole = with_tail(dict(enumerate(scores)), range(len(pool)))
        shrunk = (
            f"the first {size} of {len(pool)} candidates were reranked to keep within "
            f"{settings.rerank_budget_ms} ms ({1000 * (self.costs.known(name) or 0):.1f} ms a pair)"
        )
        note = "; ".join(filter(None, (why, shrunk)))
        return Scores(whole, {**scores.details, "pool_cut_to": size}), note

    def _timed(
        self, ranker: Ranker, query: str, pool: Sequence[Candidate], attempt: Attempt, name: str
    ) -> Scores:
        started = time.perf_counter()
        (scores,) = score(ranker, [(query, pool)], attempt, attempt.context.settings)
        if scores.details.get("pairs") and not scores.details.get("cache_hits"):
            self.costs.learn(name, time.perf_counter() - started, len(pool))
        return scores

    def _attempt(self, context: Context) -> Attempt:
        return Attempt(context, self._loader, self.breaker)


def _suited(
    ranker: Ranker, query: str, pool: Sequence[Candidate], attempt: Attempt
) -> tuple[Ranker, str]:
    """Return what ranks a pool: the choice of ``auto`` is blended if it hardly reads the language.

    The second part is the reason in words. The blend weighs what the model knows.
    """
    settings = attempt.context.settings
    if settings.reranker != AUTO or not settings.coverage_weights or isinstance(ranker, Combined):
        return ranker, ""
    coverage = attempt.coverage(ranker, query, pool)
    if coverage >= NOTED:
        return ranker, ""
    blended = Combined("hybrid", (ranker,))
    known = knowledge(coverage, pool_sample(query, pool))
    return blended, f"{ranker.name} {known}: blended with the first stage's scores"


def _costs_name(ranker: Ranker, settings: Settings) -> str:
    used = {name for entry in leaves(ranker) for name in entry.uses}
    return f"{ranker.name} {[getattr(settings, name) for name in sorted(used)]}"


def _fallbacks(settings: Settings) -> list[Ranker]:
    names = (name.strip() for name in settings.rerank_fallbacks.split(","))
    return [resolve(name) for name in names if name]


def _within(
    seconds: float, task: Callable[[], T], name: str, stop: threading.Event | None = None
) -> T:
    """Run a task in a thread of its own and wait for it at most ``seconds``, or until ``stop``."""
    todo = "rerank fewer or shorter texts, or raise rerank_seconds"
    late = RerankError(f"{name} gave no scores within {seconds:.3g} s ({todo})")
    try:
        return within(seconds, task, f"rerank {name}", late, stop)
    except RanklensError:
        raise
    # The boundary to other people's models and clients: anything may come, nothing may pass.
    except Exception as error:
        log.warning("reranker %s failed", name, exc_info=error)
        raise RerankError(f"{name} failed ({type(error).__name__}: {error})") from error
