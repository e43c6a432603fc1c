"""Fit the relevance below which nothing is answered, if a set has unanswerable questions.

A question of the kind ``unanswerable`` is refused right, any other judged one is answered right.
What is chosen on one half of each is measured on the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.fitting.fit import split
from rag.evaluate.measures.answers import UNANSWERABLE
from rag.generate.relevance import relevance
from rag.text.plural import plural
from rag.types import Trace

FEWEST = 4
Halves = tuple[Sequence[float], Sequence[float]]
"""Relevances of answerable and of unanswerable questions."""


@dataclass(frozen=True, slots=True)
class RefusalRates:
    """Shares of the answerable questions that are answered, of the unanswerable ones refused."""

    refuse_below: float
    answered: float
    refused: float

    @property
    def balanced(self) -> float:
        """The mean of both: each kind counts the same, however many there are."""
        return (self.answered + self.refused) / 2


@dataclass(frozen=True, slots=True)
class FittedRefusal:
    """What did best on one half, and on the other half what it and the present one are worth."""

    trained: RefusalRates
    held_out: RefusalRates
    current: RefusalRates
    answerable: int
    unanswerable: int


def fit_refusal(
    answerable: Sequence[Question], unanswerable: Sequence[Question],
    traces: Mapping[str, Trace], terms: Callable[[str], Iterable[str]], current: float,
) -> FittedRefusal:  # fmt: skip
    """Return the ``refuse_below`` with the best balanced rate on one half of the questions.

    ``terms`` are a text's words as BM25 sees them. Raises `RanklensError` where there are too few
    questions of a kind, or the relevance cannot be computed.
    """
    for kind, questions in (("answerable", answerable), (UNANSWERABLE, unanswerable)):
        if len(questions) < FEWEST:
            few = plural(len(questions), f"{kind} question is", f"{kind} questions are")
            raise RanklensError(f"{few} too few; refusing needs at least {FEWEST} of each")
    found = [
        [[_relevance(traces[name], terms) for name in half] for half in split(questions)]
        for questions in (answerable, unanswerable)
    ]
    train, test = ((found[0][i], found[1][i]) for i in (0, 1))
    every = sorted({*train[0], *train[1]})
    between = [round((low + high) / 2, 4) for low, high in pairwise(every)]
    tried = [rates(train, at) for at in (current, 0.0, *between)]
    best = max(tried, key=lambda one: one.balanced)  # of equals the first: the present one
    return FittedRefusal(
        best, rates(test, best.refuse_below), rates(test, current), len(answerable),
        len(unanswerable),
    )  # fmt: skip


def rates(relevances: Halves, refuse_below: float) -> RefusalRates:
    """Return what a threshold does with (answerable, unanswerable) questions."""
    answerable, beside = (np.asarray(values) for values in relevances)
    return RefusalRates(
        refuse_below,
        float((answerable >= refuse_below).mean()),
        float((beside < refuse_below).mean()),
    )


def _relevance(trace: Trace, terms: Callable[[str], Iterable[str]]) -> float:
    found = relevance(trace, terms)
    if found is None:
        raise RanklensError(
            f"{trace.question!r}: its relevance cannot be computed (it was fitted for another "
            "encoder, or dense retrieval failed)"
        )
    return found
