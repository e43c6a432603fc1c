"""What is known of each candidate of a pool beside the others, as numbers from 0 to 1.

Scores are min-max normalised within the pool, as in a blend. Tokens are those of the encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rag.models.coverage import pool_sample
from rag.rerank.combine import blend
from rag.rerank.late_interaction import LateInteraction, Matrix
from rag.settings import Settings
from rag.text.words import QUESTION_WORDS, term, words
from rag.types import Candidate, normalised

Table = NDArray[np.float64]

BLOCK = 16  # tokens; a window is three blocks, so windows overlap by two thirds
FEATURES = (
    "blend",  # what late-interaction makes of dense, BM25 and maxsim
    "dense",  # cosine of question and passage
    "lexical",  # BM25
    "fused",  # what the first stage made of both
    "maxsim",  # mean over the question's tokens of the best cosine with one of the passage
    "rare",  # the same, tokens weighted by how few passages of the pool match them
    "window",  # the same as maxsim within the best 48 tokens of the passage
    "worst",  # the question's token that is matched worst
    "heading",  # share of the question's words in document name and headings
    "named",  # share of the words of document name and headings in the question
    "words",  # share of the question's words in the text
    "pairs",  # share of the question's neighbouring words that are neighbours in the text
    "length",  # logarithm of the words
    "dense_place",  # 1 / (1 + place) in the dense ranking of the pool
    "lexical_place",  # the same in that of BM25
    "document",  # the best maxsim of the other passages of the same document
)


SCORE = "score of "  # and a reranker's name: a feature behind `FEATURES`


def score_feature(reranker: str) -> str:
    """Return the name of the feature that another reranker's score is."""
    return f"{SCORE}{reranker}"


def features(
    query: str, pool: Sequence[Candidate], tokens: LateInteraction, settings: Settings,
    others: Sequence[Sequence[float]] = (),
) -> Table:  # fmt: skip
    """Return a row for each candidate: `FEATURES`, then its scores by ``others``.

    The settings have the blend's weights.
    """
    if not pool:
        return np.zeros((0, len(FEATURES) + len(others)))
    cosines = tokens.cosines(query, [candidate.chunk.passage for candidate in pool])
    best = np.array([_best(one) for one in cosines])
    maxsim = best.mean(axis=1)
    dense, lexical, fused = ([getattr(c, n) for c in pool] for n in ("dense", "lexical", "fused"))
    asked = _asked(query)
    texts = [words(candidate.chunk.text.casefold()) for candidate in pool]
    known = tokens.coverage(pool_sample(query, pool)) if settings.coverage_weights else 1.0
    weights = settings.blend_dense * known, settings.blend_lexical, settings.blend_reranker * known
    columns = {
        "blend": normalised(blend(pool, maxsim.tolist(), weights)),
        "dense": normalised(dense),
        "lexical": normalised(lexical),
        "fused": normalised(fused),
        "maxsim": normalised(maxsim.tolist()),
        "rare": normalised((best @ _rarity(best)).tolist()),
        "window": normalised([_window(one) for one in cosines]),
        "worst": normalised(best.min(axis=1).tolist()),
        "heading": [_share(asked, words(_heading(c).casefold())) for c in pool],
        "named": [_share(_named(c), asked) for c in pool],
        "words": [_share(asked, text) for text in texts],
        "pairs": [_pairs(asked, text) for text in texts],
        "length": normalised([float(np.log1p(len(text))) for text in texts]),
        "dense_place": _places(dense),
        "lexical_place": _places(lexical),
        "document": normalised(_others(pool, maxsim)),
    }
    further = [normalised(list(scores)) for scores in others]
    return np.array([*(columns[name] for name in FEATURES), *further]).T


def _best(cosines: Matrix) -> NDArray[np.float64]:
    """Return each question token's best cosine; 0 if one of both has no tokens."""
    if not cosines.size:
        return np.zeros(max(1, len(cosines)))
    best: NDArray[np.float64] = cosines.max(axis=1).astype(np.float64)
    return best


def _rarity(best: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights of the question's tokens that sum to 1: what many passages match counts less.

    ``best`` is (passages, tokens). How many passages hold a token is not counted but summed up as
    likeness, so no word has to be looked up.
    """
    weights = 1 - best.mean(axis=0) + 1e-6
    total: NDArray[np.float64] = weights.clip(1e-6) / weights.clip(1e-6).sum()
    return total


def _window(cosines: Matrix) -> float:
    """Return maxsim within the best three neighbouring blocks of tokens."""
    if not cosines.size:
        return 0.0
    blocks = np.maximum.reduceat(cosines, np.arange(0, cosines.shape[1], BLOCK), axis=1)
    if blocks.shape[1] < 3:
        return float(blocks.max(axis=1).mean())
    windows = np.maximum(np.maximum(blocks[:, :-2], blocks[:, 1:-1]), blocks[:, 2:])
    return float(windows.mean(axis=0).max())


def _asked(query: str) -> list[str]:
    """Return the question's words as they are compared, in order, without those of any question."""
    return [term(w) for w in words(query.casefold()) if w not in QUESTION_WORDS]


def _share(asked: Sequence[str], found: Sequence[str]) -> float:
    there = {term(word) for word in found}
    return sum(word in there for word in asked) / len(asked) if asked else 0.0


def _pairs(asked: Sequence[str], found: Sequence[str]) -> float:
    there = set(pairwise(term(word) for word in found if word not in QUESTION_WORDS))
    wanted = list(pairwise(asked))
    return sum(pair in there for pair in wanted) / len(wanted) if wanted else 0.0


def _named(candidate: Candidate) -> list[str]:
    """Return the words of a passage's last heading, or else of its document's name."""
    last = candidate.chunk.heading[-1] if candidate.chunk.heading else candidate.chunk.document
    return _asked(last)


def _heading(candidate: Candidate) -> str:
    return " ".join((candidate.chunk.document, *candidate.chunk.heading))


def _places(scores: Sequence[float]) -> list[float]:
    """Return 1 / (1 + place), the best one's place being 0; equal scores share the first place."""
    order = sorted(scores, reverse=True)
    first = {score: place for place, score in reversed(list(enumerate(order)))}
    return [1 / (1 + first[score]) for score in scores]


def _others(pool: Sequence[Candidate], maxsim: NDArray[np.float64]) -> list[float]:
    """Return the best maxsim of the other passages of each one's document, 0 if there is none."""
    documents = np.array([candidate.chunk.document for candidate in pool])
    found = []
    for row, document in enumerate(documents):
        same = documents == document
        same[row] = False
        found.append(float(maxsim[same].max()) if same.any() else 0.0)
    return found
