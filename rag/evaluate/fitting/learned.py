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
from rag.evaluate.data import Grades, Question, Unit, item, ranking
from rag.evaluate.measures.metrics import PRIMARY, per_question
from rag.evaluate.measures.statistics import Difference, compare
from rag.pipeline import Pipeline
from rag.rerank.base import Context, leaves
from rag.rerank.features import FEATURES, features
from rag.rerank.late_interaction import LateInteraction
from rag.rerank.table import choose, choose_unlearned
from rag.text.plural import plural
from rag.types import Hit

Array = NDArray[np.float64]

SEED = 20_260
FOLDS = 5
FEWEST = 20  # judged questions with a relevant passage in the pool
PRIORS = (0.3, 1.0, 3.0, 10.0, np.inf)  # inf keeps the default blend
SIZES = (25, 50, 100)  # judged questions, of the learning curve
DRAWS = 5  # of each size
STEPS = 30  # of Newton's method; it takes about six
BLEND: Array = np.eye(len(FEATURES))[FEATURES.index("blend")]  # the weights of the default


@dataclass(frozen=True, slots=True)
class JudgedPool:
    """A question's candidates: items (n), features (n, `FEATURES`), grades (n,), present order.

    ``documents`` are those of its relevant passages: questions that share one stay together.
    """

    question: str
    items: tuple[str, ...]
    rows: Array
    grades: Array
    present: tuple[str, ...]
    documents: frozenset[str]


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
    on_done: Callable[[int], None],
) -> list[JudgedPool]:  # fmt: skip
    """Return each question's candidates with what is known of them; one search a question.

    A learned reranker has seen these questions, so the present order is that without it.
    """
    one_hop = pipeline.with_settings(hops=1, reranker=_unlearned(pipeline))
    tokens = LateInteraction(pipeline.encoder, pipeline.index.tokens.fetch)
    found = []
    for done, question in enumerate(questions, 1):
        retrieved = one_hop.retrieve(question.text)
        present = one_hop.rank(retrieved).stages[-1]
        if present.fell_back:
            raise RanklensError(f"{question.text!r}: the reranker fell back ({present.note})")
        pool, own = retrieved.pool, grades[question.id]
        items = tuple(item(Hit(c.chunk, 1, 0.0), unit) for c in pool)
        given = [max(0, own.get(one, 0)) for one in items]
        relevant = {c.chunk.document for c, grade in zip(pool, given, strict=True) if grade}
        rows = features(retrieved.question, pool, tokens, pipeline.settings)
        order = ranking(present, unit).items
        judged = np.array(given, np.float64)
        found.append(JudgedPool(question.id, items, rows, judged, order, frozenset(relevant)))
        on_done(done)
    return found


def _unlearned(pipeline: Pipeline) -> str:
    context = Context(pipeline.settings, pipeline.encoder)
    ranker, _ = choose(context)
    learned = any(entry.name.startswith("learned") for entry in leaves(ranker))
    return choose_unlearned(context)[0].name if learned else pipeline.settings.reranker


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
    folds, apart = task.folds(range(len(pools)))
    after: dict[str, float] = {}
    for done, held in enumerate(folds, 1):
        rest = sorted(set(range(len(pools))) - set(held))
        after |= task.scores(task.fitted(rest)[0], held)
        on_done(done)
    weights, prior = task.fitted(range(len(pools)))
    curve = tuple(task.point(size) for size in SIZES if size <= 0.8 * len(pools))
    on_done(FOLDS + 1)
    return Learning(
        dict(zip(FEATURES, map(float, weights), strict=True)), prior,
        compare([(task.present, after)])[0], curve, len(pools), apart,
    )  # fmt: skip


class _Task:
    """The questions, and how they are split, fitted and measured."""

    def __init__(self, pools: Sequence[JudgedPool], grades: Grades) -> None:
        self._pools, self._grades = pools, grades
        orders = {pool.question: pool.present for pool in pools}
        self.present = per_question(orders, grades, (PRIMARY,))[PRIMARY]

    def folds(self, chosen: Iterable[int], seed: int = SEED) -> tuple[list[list[int]], bool]:
        """Return `FOLDS` parts of some pools; those that share a relevant document stay together.

        That is given up if most are about one document: False then.
        """
        chosen = list(chosen)
        groups = _connected([(i, self._pools[i].documents) for i in chosen])
        apart = max(map(len, groups)) <= len(chosen) / 2
        if not apart:
            groups = [[i] for i in chosen]
        order = np.random.default_rng(seed).permutation(len(groups))
        parts: list[list[int]] = [[] for _ in range(FOLDS)]
        for group in sorted((groups[i] for i in order), key=len, reverse=True):
            min(parts, key=len).extend(group)
        return [sorted(part) for part in parts if part], apart

    def fitted(self, chosen: Iterable[int]) -> tuple[Array, float]:
        """Return weights learned from some pools, with the prior that cross-validation chooses.

        The strongest prior among those of equal worth, so that nothing changes without a gain.
        """
        chosen = list(chosen)
        sums = dict.fromkeys(PRIORS, 0.0)
        for held in self.folds(chosen, SEED + 1)[0]:
            rest = [i for i in chosen if i not in set(held)]
            for prior in PRIORS:
                sums[prior] += sum(self.scores(self._fit(rest, prior), held).values())
        best = max(sums.values()) - 1e-9
        prior = max(prior for prior, total in sums.items() if total >= best)
        return self._fit(chosen, prior), prior

    def scores(self, weights: Array, chosen: Sequence[int]) -> dict[str, float]:
        """Return nDCG@10 of some questions under weights."""
        orders = {self._pools[i].question: _order(self._pools[i], weights) for i in chosen}
        return per_question(orders, self._grades, (PRIMARY,))[PRIMARY]

    def point(self, size: int) -> CurvePoint:
        """Return what ``size`` questions gain on those that are in no group with them."""
        everything, sums = range(len(self._pools)), dict[str, list[float]]()
        for draw in range(DRAWS):
            random = np.random.default_rng(SEED + draw)
            some = sorted(random.permutation(len(self._pools))[:size].tolist())
            known = frozenset().union(*(self._pools[i].documents for i in some))
            rest = [i for i in everything if i not in some]
            others = [i for i in rest if not self._pools[i].documents & known]
            weights, _ = self.fitted(some)
            held = others if len(others) >= len(rest) / 2 else rest
            for question, score in self.scores(weights, held).items():
                sums.setdefault(question, []).append(score)
        means = {question: float(np.mean(found)) for question, found in sums.items()}
        before = {question: self.present[question] for question in means}
        return CurvePoint(size, compare([(before, means)])[0])

    def _fit(self, chosen: Iterable[int], prior: float) -> Array:
        if np.isinf(prior):
            return BLEND
        pools = [self._pools[i] for i in chosen if self._pools[i].grades.any()]
        return fit([pool.rows for pool in pools], [pool.grades for pool in pools], prior)


def _order(pool: JudgedPool, weights: Array) -> tuple[str, ...]:
    """Return the items as weights order them, each once; ties keep their order."""
    rows = np.argsort(-(pool.rows @ weights), kind="stable")
    return tuple(dict.fromkeys(pool.items[row] for row in rows))


def fit(rows: Sequence[Array], grades: Sequence[Array], prior: float) -> Array:
    """Return the weights that minimise cross-entropy plus ``prior`` / 2 · |weights|².

    ``rows`` are (n, features) of each question, ``grades`` (n,) with one above 0. The weight of the
    blend is free, so a strong prior leaves it alone. The sizes of the weights add up to 1.
    """
    size = max(map(len, rows), default=0)
    x, target = np.zeros((len(rows), size, len(BLEND))), np.zeros((len(rows), size))
    there = np.zeros((len(rows), size), bool)
    for at, (own, graded) in enumerate(zip(rows, grades, strict=True)):
        x[at, : len(own)] = own
        target[at, : len(own)] = graded / graded.sum()
        there[at, : len(own)] = True
    penalty = np.where(BLEND > 0, 1e-6, prior)
    found = 10 * BLEND
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


def _connected(members: Sequence[tuple[int, frozenset[str]]]) -> list[list[int]]:
    """Return groups of members that share a document, directly or through others."""
    groups: list[tuple[list[int], set[str]]] = []
    for member, documents in members:
        mine = [group for group in groups if group[1] & documents]
        rest = [group for group in groups if not group[1] & documents]
        together = [member, *(one for group in mine for one in group[0])]
        groups = [*rest, (together, set(documents).union(*(group[1] for group in mine)))]
    return [group for group, _ in groups]
