"""Loaded rerankers and open caches, shared by all questions of a process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

from rag.errors import RerankError
from rag.rerank.base import Context, Entry, Reranker
from rag.rerank.cache import ScoreCache
from rag.settings import Settings

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
        """Return the entry's reranker; raises `RerankError` where it cannot run here."""
        options = tuple(getattr(context.settings, name) for name in entry.uses)
        key = (entry.name, context.encoder.revision, options)
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
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
        """Return the scores on disk, None where the settings switch them off."""
        if not settings.rerank_cache_mb:
            return None
        key = (settings.cache, settings.rerank_cache_mb)
        with self._lock:
            if key not in self._caches:
                self._caches[key] = ScoreCache(settings.cache, settings.rerank_cache_mb)
            return self._caches[key]

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._slots.clear()
            for cache in self._caches.values():
                cache.close()
            self._caches.clear()
