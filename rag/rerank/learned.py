"""A reranker that was learned from a library's judgements: a weight for each feature.

`rag.evaluate.fitting.learned` fits the weights. The library holds every version, and which of them
were adopted; the last of those ranks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from rag.errors import NotThere, RerankError
from rag.rerank.adoption import Versions
from rag.rerank.base import Context, Entry, Scores
from rag.rerank.features import FEATURES, Table, features, score_feature
from rag.rerank.late_interaction import LateInteraction
from rag.types import Candidate, Chunk

LEARNED = "learned"  # a fact of the library
KEPT = 20  # versions


@dataclass(frozen=True, slots=True)
class LearnedWeights:
    """One version: a weight for each feature, and what it was learned from.

    The features are `FEATURES` and the scores of ``others``, rerankers' names with what they were
    (`rag.rerank.base.identity_of`). ``gain`` is the difference of nDCG@10 to the pipeline of then
    on questions that were not learned from, with its interval; ``shown`` is whether the test shows
    a gain.
    """

    weights: Mapping[str, float]
    name: str
    questions: int
    made: str
    gain: tuple[float, float, float]
    shown: bool
    version: int = 0
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def reranker(self) -> str:
        """The name of the reranker that ranks by the adopted version."""
        return LEARNED

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features, in the order of a row."""
        return (*FEATURES, *map(score_feature, self.others))

    def score(self, rows: Table) -> list[float]:
        """Return the weighted sum for each row of features."""
        weights = np.array([self.weights[name] for name in self.features])
        return [float(score) for score in rows @ weights]


class LearnedVersions(Versions[LearnedWeights]):
    """The versions of one library."""

    source = "learned"

    def all(self) -> list[LearnedWeights]:
        """Return every version that is kept, oldest first."""
        try:
            return [_weights(one) for one in _held(self._facts.read(LEARNED))]
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise RerankError(
                f"{LEARNED}.json of the library cannot be read ({error}); delete it"
            ) from None

    def add(self, weights: LearnedWeights) -> LearnedWeights:
        """Keep a new version, which nothing uses yet, and return it with its number."""
        self.all()  # damaged versions are not written over
        used = self.used()

        def added(held: Any) -> dict[str, Any]:
            nonlocal weights
            number = max((one["version"] for one in _held(held)), default=0) + 1
            weights = replace(weights, version=number)
            versions = [*_held(held), asdict(weights)]
            spare = [one for one in versions if one["version"] not in used][:-KEPT]
            # A library from before the other fact keeps its list here until something is adopted.
            return {"versions": [one for one in versions if one not in spare], "adopted": used}

        self._facts.change(LEARNED, added)
        return weights


class Learned:
    """Scores are weighted sums of features; they depend on the other passages of the pool."""

    listwise = True

    def __init__(self, weights: LearnedWeights | None, context: Context) -> None:
        """``weights`` None stands for those that are adopted whenever it ranks."""
        self._weights = weights
        self._versions = LearnedVersions(context.settings)
        self._tokens = LateInteraction(context.encoder, context.kept)
        self._settings = context.settings

    @property
    def others(self) -> Mapping[str, str]:
        """The rerankers whose scores are weighed too, and what they were."""
        return self._now().others

    def score_pool(self, query: str, pool: Sequence[Candidate], *others: Sequence[float]) -> Scores:
        """Return one score a candidate, higher is better; raises `RerankError`.

        ``others`` are the candidates' scores by the rerankers of that name.
        """
        weights = self._now()
        if len(others) != len(weights.others):
            raise RerankError(f"version {weights.version} weighs {', '.join(weights.others)} too")
        rows = features(query, pool, self._tokens, self._settings, others)
        details = {"pairs": len(pool), "learned_version": weights.version}
        return Scores(weights.score(rows), details)

    def _now(self) -> LearnedWeights:
        weights = self._weights or self._versions.adopted()
        if weights is None:
            raise RerankError(NOTHING)
        return weights

    def score(self, query: str, texts: Sequence[str]) -> Scores:
        """Return the scores of texts of which the first stage knows nothing."""
        chunks = (Chunk(str(n), "", 0, len(text), text) for n, text in enumerate(texts))
        return self.score_pool(query, [Candidate(chunk, 0.0, 0.0, 0.0) for chunk in chunks])

    def coverage(self, texts: Sequence[str]) -> float:
        """Return how much of the texts the encoder's vocabulary knows as words, 0.1 to 1."""
        return self._tokens.coverage(texts)


NOTHING = (
    "no learned weights are in use here; `ranklens learn SET` learns them from judgements, "
    "`ranklens learn --adopt` uses them"
)


def learned(version: str = "") -> Entry:
    """Return the entry of the adopted version, or of one by its number."""

    def chosen(context: Context) -> LearnedWeights | None:
        versions = LearnedVersions(context.settings)
        if not version:
            return versions.adopted()
        return versions.version(int(version) if version.isdecimal() else -1)

    def missing(context: Context) -> str:
        try:
            return "" if chosen(context) else NOTHING
        except (NotThere, RerankError) as error:
            return str(error)

    def build(context: Context) -> Learned:
        return Learned(chosen(context) if version else None, context)

    return Entry(
        f"learned:{version}" if version else "learned",
        "Weights of the scores, words and places of a passage, learned from your judgements.",
        build,
        missing,
        uses=("library", "coverage_weights", "blend_dense", "blend_lexical", "blend_reranker"),
        unit="learned sum",
    )


def _held(fact: Any) -> list[dict[str, Any]]:
    return list(fact["versions"]) if fact is not None else []


def _weights(one: Mapping[str, Any]) -> LearnedWeights:
    """Return a version that was read; raises `ValueError` if it is none of this program."""
    found = LearnedWeights(**{**one, "gain": tuple(one["gain"])})
    if set(found.weights) != set(found.features):
        raise ValueError("it has other features than this version of Ranklens; learn again")
    if not all(math.isfinite(float(weight)) for weight in found.weights.values()):
        raise ValueError("a weight is no number")
    return found
