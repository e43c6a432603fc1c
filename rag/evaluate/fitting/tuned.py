"""What a cross-encoder is tuned on, and what it is worth on questions that it was not tuned on.

Training is somebody else's: `plan` lists the parts that have to be trained, `examples` what each is
trained on, and `worth` makes figures of the logits that the parts give to their other questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from rag.errors import RanklensError
from rag.evaluate.data import Grades
from rag.evaluate.fitting.learned import FEWEST, SIZES, CurvePoint
from rag.evaluate.fitting.pools import JudgedQuestion, ordered
from rag.evaluate.fitting.splitting import SEED, drawn, folds
from rag.evaluate.measures.metrics import PRIMARY, per_question
from rag.evaluate.measures.statistics import Difference, compare
from rag.rerank.base import Scores
from rag.rerank.combine import Weights, blend, fused
from rag.text.plural import plural

FOLDS = 3
ALL = "all"  # the part that the version is made of
ALONE, BLENDED = "tuned", "hybrid:tuned"
Example = tuple[str, str, float]
"""A question, a passage, and how relevant it is, 0 to 1."""


@dataclass(frozen=True, slots=True)
class TuningPart:
    """A training: the places of the questions that it learns from and of those it is tested on."""

    name: str
    trained: tuple[int, ...]
    tested: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TestedPool:
    """A question's candidates as a trained part sees them, and the weights of a blend with that."""

    __test__ = False  # pytest takes it for a test by its name

    logits: tuple[float, ...]
    weights: Weights


Tested = Mapping[str, Mapping[str, TestedPool]]
"""Part's name → question's id → its pool."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What cross-validation shows of a tuned cross-encoder.

    ``way`` is the reranker that uses it best, and ``ways`` what each of them gains. ``held_out`` is
    the difference of nDCG@10 to the present pipeline; the way of a fold's questions was chosen on
    the others. ``apart`` is whether questions about one document stayed together.
    """

    way: str
    ways: Mapping[str, Difference]
    held_out: Difference
    curve: tuple[CurvePoint, ...]
    questions: int
    apart: bool


def plan(
    questions: Sequence[JudgedQuestion], sizes: Iterable[int] = SIZES
) -> tuple[list[TuningPart], bool]:
    """Return the parts to train, and whether questions about one document stay together.

    Raises `RanklensError` if fewer than `FEWEST` questions have a relevant candidate.
    """
    usable = sum(question.relevant for question in questions)
    if usable < FEWEST:
        count = plural(usable, "judged question has", "judged questions have")
        raise RanklensError(
            f"{count} a relevant passage among the candidates; tuning needs {FEWEST}"
        )
    documents, everything = [one.documents for one in questions], range(len(questions))
    held, apart = folds(documents, everything, FOLDS)
    parts = [
        TuningPart(f"fold {n}", tuple(sorted({*everything} - {*own})), tuple(own))
        for n, own in enumerate(held, 1)
    ]
    for size in sizes:
        if size <= 0.8 * len(questions):
            some, others = drawn(documents, size, SEED)
            parts.append(TuningPart(str(size), tuple(some), tuple(others)))
    return [*parts, TuningPart(ALL, tuple(everything), ())], apart


def examples(questions: Iterable[JudgedQuestion], negatives: int) -> list[Example]:
    """Return what to train on: relevant candidates, and at most ``negatives`` others a question.

    Others are those that were judged 0, then the best of the present ranking that nobody
    judged relevant. An item of several candidates is its first one.
    """
    chosen = list(questions)
    most = max((max(one.grades, default=0) for one in chosen), default=1)
    found: list[Example] = []
    for one in chosen:
        if not one.relevant:
            continue
        rows = {item: row for row, item in reversed(list(enumerate(one.items)))}
        place = {item: at for at, item in enumerate(one.present)}
        good = [row for row in rows.values() if one.grades[row]]
        bad = [row for row in rows.values() if not one.grades[row]]
        bad.sort(key=lambda row: (one.items[row] not in one.zeros, place[one.items[row]]))
        for row in (*sorted(good), *bad[:negatives]):
            passage = one.pool[row].chunk.passage
            found.append((one.text, passage, one.grades[row] / max(1, most)))
    return found


def worth(
    questions: Sequence[JudgedQuestion],
    grades: Grades,
    parts: Sequence[TuningPart],
    tested: Tested,
    present: str,
    rrf_k: int,
    apart: bool,
) -> Tuning:
    """Return what the tuned cross-encoder gains; ``present`` is the present reranker's name."""
    before = per_question({one.id: one.present for one in questions}, grades, (PRIMARY,))[PRIMARY]

    def measured(part: TuningPart) -> dict[str, dict[str, float]]:
        own = [questions[i] for i in part.tested]
        return by_way(own, tested[part.name], grades, present, rrf_k)

    cross = [part for part in parts if part.name.startswith("fold")]
    found = [measured(part) for part in cross]
    every = {way: _joined(one[way] for one in found) for way in found[0]}
    after: dict[str, float] = {}
    for one in found:
        held = next(iter(one.values()))
        after |= one[_best(every, before.keys() - held)]
    curve = []
    for part in parts:
        if part.name.isdecimal():
            way = _best(every, {questions[i].id for i in part.trained})
            gain = compare([(before, measured(part)[way])])[0]
            curve.append(CurvePoint(len(part.trained), gain))
    ways = {way: compare([(before, one)])[0] for way, one in every.items()}
    held_out = compare([(before, after)])[0]
    return Tuning(_best(every, set(before)), ways, held_out, tuple(curve), len(questions), apart)


def by_way(
    questions: Sequence[JudgedQuestion], pools: Mapping[str, TestedPool], grades: Grades,
    present: str, rrf_k: int,
) -> dict[str, dict[str, float]]:  # fmt: skip
    """Return way → question → nDCG@10."""
    orders: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in questions:
        for way, scores in _ways(one, pools[one.id], present, rrf_k).items():
            orders.setdefault(way, {})[one.id] = ordered(one.items, scores)
    return {
        way: dict(per_question(order, grades, (PRIMARY,))[PRIMARY]) for way, order in orders.items()
    }


def _ways(
    one: JudgedQuestion, tested: TestedPool, present: str, rrf_k: int
) -> dict[str, Sequence[float]]:
    """Return the scores of each reranker that the logits can be used in."""
    ways: dict[str, Sequence[float]] = {
        ALONE: tested.logits,
        BLENDED: blend(one.pool, tested.logits, tested.weights),
    }
    if not present.startswith(("rrf:", "cascade:")):  # names that cannot be nested
        own = [Scores(one.scores), Scores(tested.logits)]
        ways[f"rrf:{present}+{ALONE}"] = fused(own, rrf_k)
    return ways


def _best(every: Mapping[str, Mapping[str, float]], among: Set[str]) -> str:
    """Return the way with the highest sum over some questions; the first of equals."""
    sums = {way: sum(one[id] for id in sorted(among)) for way, one in every.items()}
    return max(sums, key=sums.__getitem__)


def _joined(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    return {id: score for part in parts for id, score in part.items()}
