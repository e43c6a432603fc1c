"""How many judgements until the right verdict: most useful first, question by question, by chance.

``python -m benchmarks.active FILE…`` replays judges on fully judged evaluations (what ``ranklens
eval --save`` wrote). Rankings are the stages of the first pipeline and the last stages of the
others; each pair of them is a comparison. A repetition draws questions by chance, and the orders
reveal the set's own grades one by one. ``page`` judges question by question all that the Judge page
shows (the first ten of every stage), ``question by question`` and ``chance`` what the two rankings
have in their first ten, ``useful`` in the order of `JudgingOrder`.

A verdict is that of the randomisation test over questions at 5 % (in its normal approximation, from
six questions that differ on), worked out after every judgement. It is right if it is the one of all
grades, and counted is the judgement from which on it stays right. If all grades show no difference,
the share of steps with a wrong verdict is counted instead.
"""

from __future__ import annotations

import argparse
import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks._report import about_the_run, table
from rag.evaluate.data import Evaluation, Grades
from rag.evaluate.experiments.saved import load
from rag.evaluate.judgements.active import DEPTH, DISCOUNTS, JudgingOrder
from rag.evaluate.measures.metrics import Rankings
from rag.evaluate.measures.statistics import FEWEST, TIE, interval

LEVEL = 1.96
HARD = 300  # judgements, question by question
ORDERS = ("page", "question by question", "chance", "useful")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Simulated:
    """One order in one repetition: the right verdict, and what it took."""

    truth: int
    judgements: int
    wrong: float


class Standing:
    """The verdict so far; grades come one by one."""

    def __init__(self, before: Rankings, after: Rankings) -> None:
        self._places = [
            {(q, item): n for q, items in side.items() for n, item in enumerate(items[:DEPTH])}
            for side in (before, after)
        ]
        self._gains: dict[str, list[int]] = {}
        self._moved: dict[str, float] = {}
        self._difference: dict[str, float] = {}
        self._moving: set[str] = set()
        self._sum = self._squares = 0.0

    def add(self, key: Key, grade: int) -> None:
        """Take a grade into account."""
        if grade <= 0:
            return
        question = key[0]
        before, after = (DISCOUNTS[s[key]] if key in s else 0.0 for s in self._places)
        gains = self._gains.setdefault(question, [])
        gains.append(grade)
        gains.sort(reverse=True)
        moved = self._moved.get(question, 0.0) + grade * (after - before)
        ideal = sum(gain * d for gain, d in zip(gains, DISCOUNTS, strict=False))
        old, new = self._difference.get(question, 0.0), moved / ideal
        self._moved[question], self._difference[question] = moved, new
        self._sum += new - old
        self._squares += new * new - old * old
        (self._moving.add if abs(new) > TIE else self._moving.discard)(question)

    @property
    def verdict(self) -> int:
        """1 or -1 if the test shows that ``after`` is better or worse, else 0."""
        if len(self._moving) < FEWEST:  # the exact test could show none
            return 0
        z = self._sum / math.sqrt(self._squares)
        return 0 if abs(z) < LEVEL else int(math.copysign(1, z))


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--questions", type=int, default=100, help="of a repetition")
    parser.add_argument("--repetitions", type=int, default=40)
    parser.add_argument("--half", choices=("tuning", "held-out", "both"), default="held-out")
    options = parser.parse_args()
    shown: list[tuple[str, ...]] = []
    none: list[tuple[str, ...]] = []
    pairs: list[tuple[int, int]] = []
    for file in options.files:
        evaluation = load(file)
        asked = [q.id for q in evaluation.questions if _chosen(q.id, options.half)]
        size = min(options.questions, len(asked) * 2 // 3)
        for name, before, after in compared(evaluation):
            runs = repeated(evaluation, before, after, asked, size, options.repetitions)
            head = (evaluation.name, name, str(size))
            if cells := until_right(runs):
                shown.append((*head, *cells))
                pairs += _judgements(runs)
            none += [(*head, *cells)] if (cells := wrong_share(runs)) else []
    columns = ("set", "comparison", "questions", "repetitions", *ORDERS)
    print(about_the_run())
    print(f"\nJudgements until the verdict is right\n\n{table(columns, shown)}")
    print(f"\nShare of steps with a wrong verdict, if there is none\n\n{table(columns, none)}")
    hard = [pair for pair in pairs if pair[1] >= HARD]
    for words, some in (("all", pairs), (f"those that need {HARD} or more", hard)):
        found = interval([useful / max(1, usual) for useful, usual in some])
        print(
            f"\nuseful / question by question, {words}: {found.mean:.2f} ({found.low:.2f} to "
            f"{found.high:.2f}), {len(some)} repetitions"
        )


def _chosen(question: str, half: str) -> bool:
    even = hashlib.sha256(question.encode()).digest()[0] % 2 == 0
    return half == "both" or even == (half == "tuning")


def compared(evaluation: Evaluation) -> Iterator[tuple[str, Rankings, Rankings]]:
    """Yield each pair of rankings with its name."""
    first, *others = evaluation.runs
    rankings = {stage: {q: r.items for q, r in first.rankings(stage)} for stage in first.stages}
    rankings |= {run.name: {q: r.items for q, r in run.rankings(run.last)} for run in others}
    for (one, before), (other, after) in combinations(rankings.items(), 2):
        yield f"{one}, {other}", before, after


def repeated(
    evaluation: Evaluation, before: Rankings, after: Rankings, asked: Sequence[str], size: int,
    repetitions: int,
) -> list[dict[str, Simulated]]:  # fmt: skip
    """Return each order's outcome in every repetition."""
    stages = [
        {q: r.items for q, r in run.rankings(stage)}
        for run in evaluation.runs
        for stage in run.stages
    ]
    there = [q for q in asked if q in before and q in after]
    runs = []
    for seed in range(repetitions):
        random = np.random.default_rng(seed)
        drawn = [there[i] for i in random.permutation(len(there))[:size]]
        sides = [{q: side[q] for q in drawn} for side in (before, after)]
        grades = {q: evaluation.grades[q] for q in drawn}
        pools = {
            "page": {q: _pool([side.get(q, ()) for side in stages], random) for q in drawn},
            "question by question": {q: _pool([s[q] for s in sides], random) for q in drawn},
        }
        orders = {name: [(q, i) for q in drawn for i in pool[q]] for name, pool in pools.items()}
        keys = orders["question by question"]
        orders["chance"] = [keys[i] for i in random.permutation(len(keys))]
        orders["useful"] = list(useful(sides, grades))
        truth = verdict_of(sides, [(q, i) for q in drawn for i in grades[q]], grades)[-1]
        runs.append({name: simulated(sides, orders[name], grades, truth) for name in ORDERS})
    return runs


def _pool(rankings: Sequence[Sequence[str]], random: np.random.Generator) -> list[str]:
    items = list(dict.fromkeys(item for ranking in rankings for item in ranking[:DEPTH]))
    return [items[i] for i in random.permutation(len(items))]


def useful(sides: Sequence[Rankings], grades: Grades) -> Iterator[Key]:
    """Yield passages in the order of `JudgingOrder`, each graded before the next is chosen."""
    order = JudgingOrder(sides, {})
    while best := order.best():
        (one,) = best
        order.add(one.question, one.item, grades[one.question].get(one.item, 0))
        yield one.question, one.item


def verdict_of(sides: Sequence[Rankings], order: Sequence[Key], grades: Grades) -> list[int]:
    """Return the verdict after every judgement, and before the first one."""
    standing = Standing(*sides)
    verdicts = [0]
    for key in order:
        standing.add(key, grades[key[0]].get(key[1], 0))
        verdicts.append(standing.verdict)
    return verdicts


def simulated(
    sides: Sequence[Rankings], order: Sequence[Key], grades: Grades, truth: int
) -> Simulated:
    """Return from which judgement on the verdict stays right; all of them if it never is."""
    wrong = np.flatnonzero(np.array(verdict_of(sides, order, grades)) != truth)
    last = int(wrong[-1]) + 1 if len(wrong) else 0
    return Simulated(truth, min(last, len(order)), len(wrong) / (len(order) + 1))


def until_right(runs: Sequence[dict[str, Simulated]]) -> tuple[str, ...]:
    """Return how many repetitions show a difference, and each order's mean with its interval."""
    there = [run for run in runs if run["chance"].truth]
    if not there:
        return ()
    means = (interval([run[name].judgements for run in there]) for name in ORDERS)
    return (str(len(there)), *(f"{m.mean:.0f} ({m.low:.0f} to {m.high:.0f})" for m in means))


def wrong_share(runs: Sequence[dict[str, Simulated]]) -> tuple[str, ...]:
    """Return how many repetitions show no difference, and each order's share of wrong steps."""
    there = [run for run in runs if not run["chance"].truth]
    if not there:
        return ()
    means = (interval([run[name].wrong for run in there]) for name in ORDERS)
    return (str(len(there)), *(f"{m.mean:.1%} ({m.low:.1%} to {m.high:.1%})" for m in means))


def _judgements(runs: Sequence[dict[str, Simulated]]) -> list[tuple[int, int]]:
    """Return (useful, question by question) of the repetitions that show a difference."""
    there = [run for run in runs if run["chance"].truth]
    return [(run["useful"].judgements, run["question by question"].judgements) for run in there]


if __name__ == "__main__":
    main()
