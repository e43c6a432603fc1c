"""One reranker of the table on many pools: loaded once, circuit breaker, scores on disk, the rest.

`rag.rerank.run` decides when, and on how much of a pool.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rag.errors import RerankError
from rag.models.coverage import pool_sample
from rag.models.cross import QueryTexts
from rag.rerank.base import (
    Context,
    Entry,
    QueryPool,
    Ranker,
    Reranker,
    Scores,
    checked,
    identity_of,
    leaves,
)
from rag.rerank.breaker import Breaker
from rag.rerank.cache import ScoreCache, key
from rag.rerank.combine import Weights, blend_weights
from rag.rerank.combine import score as combined
from rag.rerank.table import resolve
from rag.settings import Settings
from rag.types import Candidate

KEPT = 6


@dataclass(slots=True)
class _Slot:
    """A place for a reranker, with a lock of its own: one that hangs while it loads blocks none."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    loaded: bool = False
    reranker: Reranker | None = None


class Loader:
    """Builds each reranker once and keeps the `KEPT` used last; opens each cache once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()
        self._caches: dict[Hashable, ScoreCache] = {}

    def load(self, entry: Entry, context: Context) -> Reranker | None:
        """Return the entry's reranker; raises `RerankError` if it cannot run here."""
        options = tuple(getattr(context.settings, name) for name in entry.uses)
        with self._lock:
            slot_key = (entry.name, context.encoder.revision, options, context.kept is None)
            slot = self._slots.setdefault(slot_key, _Slot())
            self._slots.move_to_end(slot_key)
            while len(self._slots) > KEPT:
                self._slots.popitem(last=False)
        with slot.lock:
            if not slot.loaded:
                if reason := entry.missing(context):
                    raise RerankError(reason)
                slot.reranker = entry.build(context)
                slot.loaded = True
            return slot.reranker

    def cache(self, settings: Settings) -> ScoreCache | None:
        """Return the scores on disk, None if the settings switch them off."""
        if not settings.rerank_cache_mb:
            return None
        place = (settings.cache, settings.rerank_cache_mb)
        with self._lock:
            if place not in self._caches:
                self._caches[place] = ScoreCache(*place)
            return self._caches[place]

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._slots.clear()
            for cache in self._caches.values():
                cache.close()
            self._caches.clear()


class Attempt:
    """One attempt at one or more questions; a combination calls `score` for each of its parts."""

    def __init__(self, context: Context, loader: Loader, breaker: Breaker) -> None:
        self.context = context
        self._loader = loader
        self._breaker = breaker
        self._calling = ""  # the provider whose answer is waited for

    def load(self, entry: Entry) -> Reranker | None:
        """Return the loaded reranker; raises `RerankError` if it cannot run or is left alone."""
        if refusal := self._breaker.refusal(_provider(entry)):
            raise RerankError(f"{entry.name} is not called: {refusal}")
        reranker = self._loader.load(entry, self.context)
        return self._instructed(reranker) or reranker

    def without_instruction(self, ranker: Ranker) -> str:
        """Return in words which parts of a ranker do not follow the settings' instruction."""
        if not self.context.settings.rerank_instruction.strip():
            return ""
        loaded = {entry.name: self._loader.load(entry, self.context) for entry in leaves(ranker)}
        deaf = [name for name, one in loaded.items() if one and not self._instructed(one)]
        return f"{' and '.join(deaf)} cannot follow rerank_instruction" if deaf else ""

    def _instructed(self, reranker: Reranker | None) -> Reranker | None:
        """Return a reranker bound to the settings' instruction, None if it follows none."""
        instruction = self.context.settings.rerank_instruction.strip()
        bind = getattr(reranker, "instructed", None)
        bound: Reranker | None = bind(instruction) if bind and instruction else None
        return bound

    def score(self, entry: Entry, pools: Sequence[QueryPool]) -> list[Scores]:
        """Return the scores of every question's pool."""
        reranker = self.load(entry)
        if reranker is None:
            return [Scores(c.fused for c in pool) for _, pool in pools]
        self._calling = _provider(entry) if entry.remote else ""
        try:
            if others := getattr(reranker, "others", None):
                found = self._beside(reranker, others, pools)
            elif hasattr(reranker, "score_pool"):
                found = _call(reranker, pools)
            else:
                texts = [(query, [entry.text(c.chunk) for c in pool]) for query, pool in pools]
                found = self._cached(reranker, texts)
        except Exception:
            self.abandon()
            raise
        if entry.remote:
            self._breaker.worked(_provider(entry))
        self._calling = ""
        noted = {**({"unit": entry.unit} if entry.unit else {}), **getattr(reranker, "noted", {})}
        return [Scores(scores, {**noted, **scores.details}) for scores in found]

    def _beside(
        self, reranker: Reranker, others: Mapping[str, str], pools: Sequence[QueryPool]
    ) -> list[Scores]:
        """Return the scores of a reranker that weighs those of others; raises `RerankError`."""
        settings = self.context.settings
        further = []
        for name, was in others.items():
            ranker = resolve(name)
            now = identity_of(self.load(entry) for entry in leaves(ranker))
            if was and now and was != now:
                raise RerankError(f"{name} is not what its score was learned with; learn again")
            further.append(combined(ranker, pools, self, settings))
        scored: Callable[..., Sequence[float]] = getattr(reranker, "score_pool", reranker.score)
        return [
            checked(scored(query, pool, *own), len(pool))
            for (query, pool), own in zip(pools, zip(*further, strict=True), strict=True)
        ]

    def weights(self, ranker: Ranker, query: str, pool: Sequence[Candidate]) -> Weights:
        """Return the weights of dense, BM25 and reranker scores in a blend.

        A model counts less, the less its vocabulary knows of the language.
        """
        settings, dense, own = self.context.settings, 1.0, 1.0
        if settings.coverage_weights:
            dense = self.context.encoder.coverage(pool_sample(query, pool))
            own = min(self.coverage(entry, query, pool) for entry in leaves(ranker))
        return blend_weights(settings, dense, own)

    def coverage(self, entry: Entry, query: str, pool: Sequence[Candidate]) -> float:
        """Return how much a reranker's vocabulary knows of a pool's language, 1 if unknown."""
        covers = getattr(self.load(entry), "coverage", None)
        return float(covers(pool_sample(query, pool))) if covers else 1.0

    def abandon(self) -> None:
        """Count the provider that is being called as failed, if there is one."""
        if self._calling:
            self._breaker.failed(self._calling)
            self._calling = ""

    def _cached(self, reranker: Reranker, pools: Sequence[QueryTexts]) -> list[Scores]:
        """Return scores from the disk, and from one call of the reranker what is not there."""
        identity = str(getattr(reranker, "identity", ""))
        store = self._loader.cache(self.context.settings) if identity else None
        if store is None:
            found = _call(reranker, pools)
            return [Scores(scores, {"pairs": len(scores), **scores.details}) for scores in found]
        listwise = bool(getattr(reranker, "listwise", False))
        keys = [
            [key(identity, query, text, texts if listwise else ()) for text in texts]
            for query, texts in pools
        ]
        known = store.get([k for row in keys for k in row])
        todo = []
        for row, (_, texts) in zip(keys, pools, strict=True):
            rest = {k: text for k, text in zip(row, texts, strict=True) if k not in known}
            # A list-wise reranker needs the whole list or nothing.
            todo.append(dict(zip(row, texts, strict=True)) if listwise and rest else rest)
        calls = [
            (query, list(rest.values()))
            for (query, _), rest in zip(pools, todo, strict=True)
            if rest
        ]
        fresh = iter(_call(reranker, calls))
        results = []
        for row, rest in zip(keys, todo, strict=True):
            own = next(fresh) if rest else Scores([])
            new = dict(zip(rest, own, strict=True))
            store.put(new)
            counts = {"pairs": len(row), "cache_hits": sum(k not in new for k in row)}
            scores = (new[k] if k in new else known[k] for k in row)
            results.append(Scores(scores, {**counts, **own.details}))
        return results


def _call(reranker: Reranker, pools: Sequence[QueryTexts] | Sequence[QueryPool]) -> list[Scores]:
    """Return the scores of pools: texts, or candidates for a reranker that scores those."""
    many = getattr(reranker, "score_many", None)
    one: Callable[[str, Any], Sequence[float]] = getattr(reranker, "score_pool", reranker.score)
    if many is not None and len(pools) > 1:
        found = many(pools)
    else:
        found = [one(query, members) if members else [] for query, members in pools]
    return [checked(scores, len(some)) for scores, (_, some) in zip(found, pools, strict=True)]


def _provider(entry: Entry) -> str:
    return entry.name.partition(":")[0]
