"""What `learned` gains on questions that neither learned it nor decided whether it is adopted.

``python -m benchmarks.learned DIR… [--work DIR] [--limit N] [--draws N]``

First what `ranklens learn DIR` shows of all questions. Then, for each number of judged questions,
draws of chance: a version is learned from them, cross-validation within them decides as in
`ranklens learn --adopt`, and the gain is measured on the other questions, which share no document
with them unless most questions are about a few. Every draw has another seed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks._options import drawing
from benchmarks._report import about_the_run, table
from rag.errors import RanklensError
from rag.evaluate.data import Grades
from rag.evaluate.fitting.learned import SIZES, JudgedPool, judged_pools, learn
from rag.evaluate.fitting.pools import ordered
from rag.evaluate.fitting.splitting import SEED, drawn
from rag.evaluate.measures.metrics import PRIMARY, per_question
from rag.evaluate.measures.statistics import Difference, Interval, compare
from rag.settings import Settings
from ranklens.judged_sets import opened_set
from ranklens.library import Library

WHOLE = ("set", "judged", "gain in nDCG@10", "p", "adopted")
DRAWN = ("set", "judged", "draws", "adopted", "gain of all versions", "gain of adopted ones",
         "adopted with a mean below 0", "adopted with a loss shown")  # fmt: skip


def main() -> None:
    """Measure and print."""
    options = drawing(__doc__.split("\n")[0], SIZES).parse_args()
    print(about_the_run(), flush=True)
    whole: list[tuple[str, ...]] = []
    by_draws: list[tuple[str, ...]] = []
    for folder in options.folders:
        name, work = Path(folder).name, options.work / Path(folder).name
        started = time.perf_counter()
        with opened_set(Library.open, Settings(), folder, work=work, limit=options.limit) as judged:
            questions, grades = judged.judged, judged.grades
            pools = judged_pools(
                judged.pipeline, questions, grades, judged.unit, lambda _done: None
            )
        whole += _whole(name, pools, grades)
        print(table(WHOLE, whole), f"{time.perf_counter() - started:.0f} s", sep="\n", flush=True)
        for size in options.sizes:
            by_draws.append(_by_draws(name, pools, grades, size, options.draws))
            print(table(DRAWN, by_draws[-1:]), flush=True)
        print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)
    print(table(WHOLE, whole), table(DRAWN, by_draws), sep="\n\n")


def _whole(name: str, pools: Sequence[JudgedPool], grades: Grades) -> list[tuple[str, ...]]:
    found = learn(pools, grades)
    points = [(str(one.questions), one.held_out, "") for one in found.curve]
    used = "yes" if found.held_out.gained else "no"
    rows = [*points, (f"all {found.questions}, cross-validated", found.held_out, used)]
    return [(name, size, _cell(one.interval), f"{one.p:.2g}", used) for size, one, used in rows]


def _by_draws(
    name: str, pools: Sequence[JudgedPool], grades: Grades, size: int, draws: int
) -> tuple[str, ...]:
    """Return what versions of ``size`` questions gain on others, and which would be adopted."""
    documents = [pool.documents for pool in pools]
    every: list[Difference] = []
    adopted: list[Difference] = []
    for draw in range(draws):
        some, others = drawn(documents, size, SEED + 100 + draw)
        try:
            version = learn([pools[i] for i in some], grades)
        except RanklensError:  # too few have a relevant passage among the candidates
            continue
        weights = np.array(list(version.weights.values()))
        held = [pools[i] for i in others]
        before, after = (
            per_question(orders, grades, (PRIMARY,))[PRIMARY]
            for orders in (
                {one.question: one.present for one in held},
                {one.question: ordered(one.items, (one.rows @ weights).tolist()) for one in held},
            )
        )
        gain = compare([(before, after)])[0]
        every.append(gain)
        if version.held_out.gained:
            adopted.append(gain)
    below = sum(one.interval.mean < 0 for one in adopted)
    lost = sum(one.shown and one.interval.mean < 0 for one in adopted)
    return (name, str(size), str(len(every)), str(len(adopted)), _over(every), _over(adopted),
            str(below), str(lost))  # fmt: skip


def _over(gains: Sequence[Difference]) -> str:
    """Return the mean over draws, and the lowest and highest of them."""
    if not gains:
        return "-"
    means = [one.interval.mean for one in gains]
    return f"{np.mean(means):+.3f} ({min(means):+.3f} to {max(means):+.3f})"


def _cell(one: Interval) -> str:
    return f"{one.mean:+.3f} ({one.low:+.3f} to {one.high:+.3f})"


if __name__ == "__main__":
    main()
