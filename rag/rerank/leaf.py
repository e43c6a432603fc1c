"""One reranker of the table on many pools: circuit breaker, cache, and a pass over what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rag.errors import RerankError
from rag.rerank import cache
from rag.rerank.base import Context, Entry, Reranker, Scores, checked
from rag.rerank.breaker import Breaker
from rag.rerank.combine import Asked
from rag.rerank.load import Loader

Texts = tuple[str, list[str]]


class Leaves:
    """Runs single rerankers for one attempt at one or more questions."""

    def __init__(self, context: Context, loader: Loader, breaker: Breaker) -> None:
        self.context = context
        self._loader = loader
        self._breaker = breaker
        self._calling: str = ""

    def load(self, entry: Entry) -> Reranker | None:
        """Return the loaded reranker; raises `RerankError` where it cannot run or is left alone."""
        pause = self.context.settings.rerank_pause_seconds
        if refusal := self._breaker.refusal(_provider(entry), pause):
            raise RerankError(f"{entry.name} is not called: {refusal}")
        return self._loader.load(entry, self.context)

    def score(self, entry: Entry, asked: Sequence[Asked]) -> list[Scores]:
        """Return the scores of every question's pool."""
        reranker = self.load(entry)
        if reranker is None:
            return [Scores(c.fused for c in pool) for _, pool in asked]
        texts = [(query, [entry.text(c.chunk) for c in pool]) for query, pool in asked]
        with self._watched(entry):
            scores = self._known_or_called(reranker, texts)
        about = {"unit": entry.unit} if entry.unit else {}
        return [Scores(one, {**about, **one.details}) for one in scores]

    def abandon(self) -> None:
        """Count a provider as failed whose answer is no longer waited for."""
        if self._calling:
            self._breaker.failed(self._calling)
            self._calling = ""

    @contextmanager
    def _watched(self, entry: Entry) -> Iterator[None]:
        """Tell the breaker how a call to a provider ended."""
        if not entry.remote:
            yield
            return
        self._calling = provider = _provider(entry)
        worked = False
        try:
            yield
            worked = True
        finally:
            waited_for = bool(self._calling)
            self._calling = ""
            if worked:
                self._breaker.worked(provider)
            elif waited_for:
                self._breaker.failed(provider)

    def _known_or_called(self, reranker: Reranker, asked: Sequence[Texts]) -> list[Scores]:
        identity = str(getattr(reranker, "identity", ""))
        store = self._loader.cache(self.context.settings) if identity else None
        if store is None:
            return [_counted(scores) for scores in _call(reranker, asked)]
        listwise = bool(getattr(reranker, "listwise", False))
        keys = [
            [cache.key(identity, query, text, texts if listwise else ()) for text in texts]
            for query, texts in asked
        ]
        known = store.get([key for of_one in keys for key in of_one])
        rest = [
            _unknown(of_one, texts, known, listwise)
            for of_one, (_, texts) in zip(keys, asked, strict=True)
        ]
        called = [
            (query, list(todo.values())) for (query, _), todo in zip(asked, rest, strict=True)
        ]
        fresh = iter(_call(reranker, [one for one in called if one[1]]))
        results: list[Scores] = []
        for of_one, todo in zip(keys, rest, strict=True):
            own = next(fresh) if todo else Scores([])
            new = dict(zip(todo, own, strict=True))
            store.put(new)
            hits = sum(key not in new for key in of_one)
            scores = [new[key] if key in new else known[key] for key in of_one]
            about = {"pairs": len(of_one), "cache_hits": hits}
            results.append(Scores(scores, {**about, **own.details}))
        return results


def _unknown(
    keys: Sequence[bytes], texts: Sequence[str], known: dict[bytes, float], listwise: bool
) -> dict[bytes, str]:
    """Return what has to be scored by key; a list-wise reranker needs the whole list or nothing."""
    todo = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    return dict(zip(keys, texts, strict=True)) if listwise and todo else todo


def _call(reranker: Reranker, asked: Sequence[Texts]) -> list[Scores]:
    many = getattr(reranker, "score_many", None)
    if many is not None and len(asked) > 1:
        found = many(asked)
    else:
        found = [reranker.score(query, texts) if texts else [] for query, texts in asked]
    return [checked(scores, len(texts)) for scores, (_, texts) in zip(found, asked, strict=True)]


def _counted(scores: Scores) -> Scores:
    return Scores(scores, {"pairs": len(scores), **scores.details})


def _provider(entry: Entry) -> str:
    return entry.name.partition(":")[0]
