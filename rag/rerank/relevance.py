"""A reranker's scores as relevances from 0 to 1, as other programs' clients expect them.

    logit                      its logistic function, a probability
    relevance, probability,
    place in the order         as they are
    mean cosine                as it is, 0 if negative
    MaxSim, reciprocal ranks,
    learned sum                divided by the best of the request
    weighted sum               divided by the weights: 1 is best by every score
    of another package         as they are if all are from 0 to 1, else their logistic function

Relevances of different rerankers mean different things, and those of the
divided ones depend on the other texts of the request.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

RELATIVE = ("MaxSim", "reciprocal ranks", "learned sum")


def relevances(scores: Sequence[float], unit: str, weights: float) -> list[float]:
    """Return a relevance for each score; no two of them stand in another order than the scores.

    ``weights`` is the largest weighted sum that there can be.
    """
    if unit == "logit" or (not unit and not all(0 <= score <= 1 for score in scores)):
        return [_logistic(score) for score in scores]
    whole = 1.0
    if unit in RELATIVE:
        whole = max(scores, default=0.0)
    elif unit == "weighted sum":
        whole = weights
    return [min(1.0, max(0.0, score / whole)) if whole > 0 else 0.0 for score in scores]


def _logistic(score: float) -> float:
    return 1 / (1 + math.exp(-score)) if score > -700 else 0.0
