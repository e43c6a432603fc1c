"""How often the advice after a few judged questions agrees with that of all of them.

``python -m benchmarks.advice DIR… --work DIR [--limit N] [--draws N] [--reranker NAME…]``

Each set is measured once, as by `ranklens advise DIR`; the work folder keeps the rankings. For each
reranker alone, the verdict of all questions ("worth it", "not shown" or "not worth it") is what the
advice should say. Then questions are drawn at random, the evaluation is restricted to
them, and the advice is worked out anew. Every draw has another seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks._options import drawing
from benchmarks._report import about_the_run, table
from rag.evaluate.advice.advice import Advice, Worth, advise
from rag.evaluate.data import Evaluation, Run
from rag.evaluate.experiments.saved import load, save
from rag.evaluate.fitting.splitting import SEED, drawn
from rag.settings import Settings
from ranklens import advising
from ranklens.advising import AdviceWishes
from ranklens.judged_sets import opened_set
from ranklens.library import Library

SIZES = (25, 50, 100)
RERANKERS = ("late-interaction", "maxsim")
PARTS = ("right", "not shown", "too early", "contradiction")


@dataclass(frozen=True, slots=True)
class Simulated:
    """What the advice says of a reranker: of all questions, and of each draw by its size."""

    set: str
    reranker: str
    everything: Advice
    draws: dict[int, list[Worth]]


def main() -> None:
    """Measure, draw and print."""
    parser = drawing(__doc__.split("\n")[0], SIZES)
    parser.add_argument("--reranker", nargs="+", default=RERANKERS)
    options = parser.parse_args()
    print(about_the_run(), flush=True)
    found: list[Simulated] = []
    for folder in options.folders:
        evaluation = _measured(folder, options.work, options.limit, options.reranker)
        name = Path(folder).name
        for reranker in options.reranker:
            found.append(simulated(name, evaluation, reranker, options.sizes, options.draws))
            print(_by_set(found[-1:], options.sizes), flush=True)
    print(f"\nWorth it / not shown / not worth it\n\n{_by_set(found, options.sizes)}")
    print(f"\nAll sets and rerankers\n\n{_by_size(found, options.sizes)}")


def _measured(folder: str, work: Path, limit: int | None, rerankers: Sequence[str]) -> Evaluation:
    """Return all rerankers at all pools on a set, measured now or kept from an earlier run."""
    kept = work / f"{Path(folder).name}.advice.json.gz"
    if kept.exists():
        return load(kept)
    own = work / Path(folder).name
    with opened_set(Library.open, Settings(), folder, work=own, limit=limit) as judged:
        evaluation = advising.advice(judged, AdviceWishes(tuple(rerankers))).evaluation
    save(evaluation, kept)
    return evaluation


def restricted(evaluation: Evaluation, questions: Collection[str], reranker: str) -> Evaluation:
    """Return the evaluation of some questions, with the baseline and one reranker's pipelines."""
    baseline, *others = evaluation.runs
    runs = (baseline, *(run for run in others if run.settings["reranker"] == reranker))
    return replace(
        evaluation,
        questions=tuple(one for one in evaluation.questions if one.id in questions),
        grades={q: given for q, given in evaluation.grades.items() if q in questions},
        runs=tuple(_restricted(run, questions) for run in runs),
    )


def _restricted(run: Run, questions: Collection[str]) -> Run:
    return replace(
        run,
        results=tuple(one for one in run.results if one.question in questions),
        failures={q: reason for q, reason in run.failures.items() if q in questions},
    )


def simulated(
    name: str, evaluation: Evaluation, reranker: str, sizes: Sequence[int], draws: int
) -> Simulated:
    """Return what the advice on a reranker says of all questions and of draws."""
    ids = [question.id for question in evaluation.questions]
    whole = _advice(restricted(evaluation, ids, reranker))
    by_size = {
        size: [
            _advice(restricted(evaluation, {ids[i] for i in some}, reranker)).worth
            for some in _draws(len(ids), size, draws)
        ]
        for size in sizes
    }
    return Simulated(name, reranker, whole, by_size)


def _draws(questions: int, size: int, draws: int) -> Iterator[list[int]]:
    alone = [frozenset[str]()] * questions
    return (drawn(alone, size, SEED + 100 + draw)[0] for draw in range(draws))


def _advice(evaluation: Evaluation) -> Advice:
    # Neither the number of chunks nor `top` bears on the verdict.
    return advise(evaluation, chunks=0, top=5)


def part(said: Worth, right: Worth) -> str:
    """Return which of `PARTS` a draw's advice is, given the advice of all questions.

    ``too early`` is a verdict where all questions show none.
    """
    if said is right:
        return "right"
    if said is Worth.NOT_SHOWN:
        return "not shown"
    return "too early" if right is Worth.NOT_SHOWN else "contradiction"


def _by_set(found: Sequence[Simulated], sizes: Sequence[int]) -> str:
    columns = ("set", "reranker", "all judged", "gain in nDCG@10", *map(str, sizes))
    return table(columns, [_row(one, sizes) for one in found])


def _row(one: Simulated, sizes: Sequence[int]) -> tuple[str, ...]:
    point = one.everything.chosen
    assert point is not None  # there is no budget that leaves all pools out
    gain = point.gain.interval
    cells = (" / ".join(str(one.draws[size].count(worth)) for worth in Worth) for size in sizes)
    return (
        f"{one.set}, {point.gain.questions}",
        f"{one.reranker}, pool {point.pool}",
        one.everything.worth.value,
        f"{gain.mean:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})",
        *cells,
    )


def _by_size(found: Sequence[Simulated], sizes: Sequence[int]) -> str:
    rows = []
    for size in sizes:
        counts = Counter(
            part(said, one.everything.worth) for one in found for said in one.draws[size]
        )
        total = counts.total()
        shares = (f"{counts[each]} ({counts[each] / total:.0%})" for each in PARTS)
        rows.append((str(size), str(total), *shares))
    return table(("judged", "draws", *PARTS), rows)


if __name__ == "__main__":
    main()
