"""Learn a reranker's weights from judgements, and measure what they are worth on other questions.

A listwise linear model: the softmax cross-entropy of each question's pool (ListNet: Cao et al.,
ICML 2007) over weighted features, minimised by Newton's method, which is exact here: the loss is
convex and has a dozen unknowns. A quadratic prior draws the weights to those of the default blend;
how strongly is chosen by cross-validation. The strongest keeps the blend, so that too few
judgements change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.errors import RanklensError
from rag.evaluate.data import Grades, Question, Unit
from rag.evaluate.fitting.pools import FROM_JUDGEMENTS, judged_questions, ordered
from rag.evaluate.fitting.splitting import SEED, drawn, folds
from rag.evaluate.measures.metrics import PRIMARY, per_question
from rag.evaluate.measures.statistics import Difference, compare
from rag.pipeline import Pipeline
from rag.rerank.base import Context, identity_of, leaves
from rag.rerank.features import FEATURES, features, score_feature
from rag.rerank.late_interaction import LateInteraction
from rag.rerank.table import resolve
from rag.text.plural import plural

Array = NDArray[np.float64]

FOLDS = 5
FEWEST = 20  # judged questions with a relevant passage in the pool
ENOUGH = 50  # with fewer, gains of the usual size cannot be shown
PRIORS = (0.3, 1.0, 3.0, 10.0, np.inf)  # inf keeps the default blend
SIZES = (25, 50, 100)  # judged questions, of the learning curve
DRAWS = 5  # of each size
STEPS = 30  # of Newton's method; it takes about six
BLEND: Array = np.eye(len(FEATURES))[FEATURES.index("blend")]  # the weights of the default


@dataclass(frozen=True, slots=True)
class JudgedPool:
    """A question's candidates: items (n), features (n, names), grades (n,), present order.

    ``documents`` are those of its relevant passages: questions that share one stay together.
    ``names`` are those of the features: `FEATURES`, then scores of other rerankers.
    """

    question: str
    items: tuple[str, ...]
    rows: Array
    grades: Array
    present: tuple[str, ...]
    documents: frozenset[str]
    names: tuple[str, ...] = FEATURES


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What ``questions`` judged ones gained on the others, the mean of several draws."""

    questions: int
    held_out: Difference


@dataclass(frozen=True, slots=True)
class Learning:
    """Weights learned from all questions, and what cross-validation shows of them.

    ``held_out`` compares each question's nDCG@10 with the present pipeline's, by weights that were
    learned without it. ``prior`` is how strongly all weights were drawn to the blend. ``apart`` is
    whether questions about one document stayed together.
    """

    weights: Mapping[str, float]
    prior: float
    held_out: Difference
    curve: tuple[CurvePoint, ...]
    questions: int
    apart: bool


def judged_pools(
    pipeline: Pipeline, questions: Sequence[Question], grades: Grades, unit: Unit,
    on_done: Callable[[int], None], others: Sequence[str] = (),
) -> list[JudgedPool]:  # fmt: skip
    """Return each question's candidates with what is known of them; one search a question.

    ``others`` are rerankers whose scores are features too. A learned reranker has seen these
    questions, so the present order is that without it.
    """
    tokens = LateInteraction(pipeline.encoder, pipeline.index.tokens.fetch)
    names = (*FEATURES, *map(score_feature, others))
    found = []
    judged = judged_questions(pipeline, questions, grades, unit, others)
    for done, one in enumerate(judged, 1):
        rows = features(one.text, one.pool, tokens, pipeline.settings, one.others)
        own = np.array(one.grades, np.float64)
        found.append(JudgedPool(one.id, one.items, rows, own, one.present, one.documents, names))
        on_done(done)
    return found


def usable_features(pipeline: Pipeline, names: Sequence[str]) -> dict[str, str]:
    """Return what each reranker is, for a version that has its score among the features.

    Raises `RanklensError` if one cannot run here, calls a service, or has seen the judgements.
    """
    found = {}
    for name in dict.fromkeys(names):
        ranker, alone = resolve(name), pipeline.with_settings(reranker=name)
        parts = leaves(ranker)
        if any(entry.remote for entry in parts):
            raise RanklensError(f"{name} calls a service; name a reranker of this machine")
        if {entry.name.partition(":")[0] for entry in parts} & {*FROM_JUDGEMENTS}:
            raise RanklensError(f"{name} was learned from judgements itself; name another reranker")
        if why := ranker.missing(Context(pipeline.settings, pipeline.encoder)):
            raise RanklensError(f"{name}: {why}")
        found[ranker.name] = identity_of(one for _, one in alone.reranker_parts())
    return found


def learn(
    pools: Sequence[JudgedPool], grades: Grades,
    on_done: Callable[[int], None] = lambda _done: None,
) -> Learning:  # fmt: skip
    """Learn from all pools.

    ``on_done`` gets how many of `FOLDS` + 1 parts are done. Raises `RanklensError` if fewer than
    `FEWEST` pools hold a relevant passage.
    """
    usable = sum(bool(pool.grades.any()) for pool in pools)
    if usable < FEWEST:
        count = plural(usable, "judged question has", "judged questions have")
        raise RanklensError(
            f"{count} a relevant passage among the candidates; learning needs {FEWEST}"
        )
    task = _Task(pools, grades)
    parts, apart = folds(task.documents, range(len(pools)), FOLDS)
    after: dict[str, float] = {}
    for done, held in enumerate(parts, 1):
        rest = sorted(set(range(len(pools))) - set(held))
        after |= task.scores(task.fitted(rest)[0], held)
        on_done(done)
    weights, prior = task.fitted(range(len(pools)))
    curve = tuple(task.point(size) for size in SIZES if size <= 0.8 * len(pools))
    on_done(FOLDS + 1)
    return Learning(
        dict(zip(pools[0].names, map(float, weights), strict=True)), prior,
        compare([(task.present, after)])[0], curve, len(pools), apart,
    )  # fmt: skip


class _Task:
    """The questions, and how they are split, fitted and measured."""

    def __init__(self, pools: Sequence[JudgedPool], grades: Grades) -> None:
        self._pools, self._grades = pools, grades
        self.documents = [pool.documents for pool in pools]
        self._blend = _blend(pools[0].rows.shape[1])
        orders = {pool.question: pool.present for pool in pools}
        self.present = per_question(orders, grades, (PRIMARY,))[PRIMARY]

    def fitted(self, chosen: Iterable[int]) -> tuple[Array, float]:
        """Return weights learned from some pools, with the prior that cross-validation chooses.

        The strongest prior among those of equal worth, so that nothing changes without a gain.
        """
        chosen = list(chosen)
        sums = dict.fromkeys(PRIORS, 0.0)
        for held in folds(self.documents, chosen, FOLDS, SEED + 1)[0]:
            rest = [i for i in chosen if i not in set(held)]
            for prior in PRIORS:
                sums[prior] += sum(self.scores(self._fit(rest, prior), held).values())
        best = max(sums.values()) - 1e-9
        prior = max(prior for prior, total in sums.items() if total >= best)
        return self._fit(chosen, prior), prior

    def scores(self, weights: Array, chosen: Sequence[int]) -> dict[str, float]:
        """Return nDCG@10 of some questions under weights."""
        pools = [self._pools[i] for i in chosen]
        orders = {one.question: ordered(one.items, (one.rows @ weights).tolist()) for one in pools}
        return per_question(orders, self._grades, (PRIMARY,))[PRIMARY]

    def point(self, size: int) -> CurvePoint:
        """Return what ``size`` questions gain on those that are in no group with them."""
        sums: dict[str, list[float]] = {}
        for draw in range(DRAWS):
            some, others = drawn(self.documents, size, SEED + draw)
            weights, _ = self.fitted(some)
            for question, score in self.scores(weights, others).items():
                sums.setdefault(question, []).append(score)
        means = {question: float(np.mean(found)) for question, found in sums.items()}
        before = {question: self.present[question] for question in means}
        return CurvePoint(size, compare([(before, means)])[0])

    def _fit(self, chosen: Iterable[int], prior: float) -> Array:
        if np.isinf(prior):
            return self._blend
        pools = [self._pools[i] for i in chosen if self._pools[i].grades.any()]
        return fit([pool.rows for pool in pools], [pool.grades for pool in pools], prior)


def fit(rows: Sequence[Array], grades: Sequence[Array], prior: float) -> Array:
    """Return the weights that minimise cross-entropy plus ``prior`` / 2 · |weights|².

    ``rows`` are (n, features) of each question, ``grades`` (n,) with one above 0. The weight of the
    blend is free, so a strong prior leaves it alone. The sizes of the weights add up to 1.
    """
    size, blend = max(map(len, rows), default=0), _blend(rows[0].shape[1])
    x, target = np.zeros((len(rows), size, len(blend))), np.zeros((len(rows), size))
    there = np.zeros((len(rows), size), bool)
    for at, (own, graded) in enumerate(zip(rows, grades, strict=True)):
        x[at, : len(own)] = own
        target[at, : len(own)] = graded / graded.sum()
        there[at, : len(own)] = True
    penalty = np.where(blend > 0, 1e-6, prior)
    found = 10 * blend
    loss = _loss(x, target, there, penalty, found)
    for _ in range(STEPS):
        step = _newton_step(x, target, there, penalty, found)
        while (after := _loss(x, target, there, penalty, found - step)) > loss and _moves(step):
            step = step / 2
        found = found - step
        if loss - after < 1e-7 * max(1.0, abs(loss)):
            break
        loss = after
    weights: Array = found / max(np.abs(found).sum(), 1e-9)
    return weights


def _blend(width: int) -> Array:
    """Return the weights of the default for ``width`` features: further ones weigh nothing."""
    return np.concatenate([BLEND, np.zeros(width - len(BLEND))])


def _moves(step: Array) -> bool:
    return bool(np.abs(step).max() > 1e-9)


def _probabilities(x: Array, there: NDArray[np.bool_], weights: Array) -> tuple[Array, Array]:
    """Return log softmax and softmax over each question's candidates."""
    scores = np.where(there, x @ weights, -np.inf)
    scores = scores - scores.max(axis=1, keepdims=True)
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return np.where(there, logs, 0.0), np.exp(np.where(there, logs, -np.inf))


def _loss(
    x: Array, target: Array, there: NDArray[np.bool_], penalty: Array, weights: Array
) -> float:
    logs, _ = _probabilities(x, there, weights)
    return float(-(target * logs).sum() + (penalty * weights**2).sum() / 2)


def _newton_step(
    x: Array, target: Array, there: NDArray[np.bool_], penalty: Array, weights: Array
) -> Array:
    _, shares = _probabilities(x, there, weights)
    gradient = np.einsum("qp,qpf->f", shares - target, x) + penalty * weights
    means = np.einsum("qp,qpf->qf", shares, x)
    hessian = np.einsum("qp,qpf,qpg->fg", shares, x, x, optimize=True) - means.T @ means
    step: Array = np.linalg.solve(hessian + np.diag(penalty), gradient)
    return step
