"""What a cross-encoder tuned on 25, 50 and 100 judged questions gains on others.

``python -m benchmarks.tuned DIR [--work DIR] [--base MODEL] [--tested N] [--sizes N…]``

Each size is one training from the base, tested on the same questions, of which none was trained on.
Questions about a document of the tested ones are not trained on either, unless too few would be
left (a set about a few documents). Every way to use the logits is shown; the
present reranker's order is what they are compared with.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks._report import about_the_run, table
from rag.evaluate.fitting.pools import JudgedQuestion, judged_questions, present_reranker
from rag.evaluate.fitting.tuned import TuningPart, by_way
from rag.evaluate.measures.metrics import PRIMARY, per_question
from rag.evaluate.measures.statistics import Difference, compare
from rag.models import training
from rag.models.hub import locate
from rag.settings import Settings
from ranklens import tuning
from ranklens.judged_sets import opened_set
from ranklens.library import Library
from ranklens.tuning import SIZES, TuningWishes
from ranklens.tuning_parts import TuningParts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", help="a judged folder, as for `ranklens eval`")
    parser.add_argument("--work", type=Path, help="the folder of its library")
    parser.add_argument("--base", default="", help="the checkpoint")
    parser.add_argument("--tested", type=int, default=100, help="questions that are only tested")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="judged questions")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--pool", type=int, default=30, help="candidates a question")
    options = parser.parse_args()
    training.BEHIND = 0  # nobody else is served meanwhile
    with opened_set(Library.open, Settings(), options.folder, work=options.work) as judged:
        pipeline = judged.pipeline.with_settings(pool=options.pool)
        wishes = TuningWishes(options.base, options.epochs)
        name = options.base or tuning.default_base(pipeline.settings)
        chosen = judged.judged[: options.tested + 2 * max(options.sizes)]
        questions = list(judged_questions(pipeline, chosen, judged.grades, judged.unit))
        parts = _parts(questions, options.tested, options.sizes)
        print(about_the_run())
        tested = f"tested on {len(parts[0].tested)} questions"
        present = present_reranker(pipeline)
        print(f"{judged.name}: base {name}, pool {options.pool}, {tested}, present: {present}")
        rows = []
        with tempfile.TemporaryDirectory() as aside:
            work = TuningParts(Path(aside) / "w", "", locate(name), questions, wishes.negatives,
                               wishes.training)  # fmt: skip
            for part in parts:
                started = time.perf_counter()
                found = work.run([part], pipeline.settings, pipeline.encoder, lambda _done: None)
                seconds = time.perf_counter() - started
                pairs = len(work.examples(part))
                asked = [questions[i] for i in part.tested]
                ways = by_way(asked, found[part.name], judged.grades, present,
                              pipeline.settings.rrf_k)  # fmt: skip
                order = {one.id: one.present for one in asked}
                before = per_question(order, judged.grades, (PRIMARY,))[PRIMARY]
                rows += [(part.name, str(pairs), way, *_cells(compare([(before, after)])[0]),
                          f"{seconds:.0f}") for way, after in ways.items()]  # fmt: skip
                print(rows[-3:], flush=True)
    columns = ("judged", "pairs", "used", "gain in nDCG@10", "95 % interval", "p", "seconds")
    print(table(columns, rows))


def _parts(questions: list[JudgedQuestion], count: int, sizes: Sequence[int]) -> list[TuningPart]:
    """Return a part for each size; all are tested on the last ``count`` questions."""
    trained, tested = apart(questions, count, max(sizes))
    places = {one.id: place for place, one in enumerate(questions)}
    rest, last = ([places[one.id] for one in part] for part in (trained, tested))
    return [TuningPart(str(size), tuple(rest[:size]), tuple(last)) for size in sizes]


def apart(
    questions: Sequence[JudgedQuestion], count: int, most: int
) -> tuple[list[JudgedQuestion], list[JudgedQuestion]]:
    """Return questions to train on, and the last ``count``, which share no document with them.

    They may share some if fewer than ``most`` questions to train on would be left.
    """
    tested = list(questions[-count:])
    known = frozenset().union(*(one.documents for one in tested))
    rest = [one for one in questions[:-count] if one.relevant]
    others = [one for one in rest if not one.documents & known]
    return (others if len(others) >= most else rest), tested


def _cells(found: Difference) -> tuple[str, str, str]:
    one = found.interval
    return f"{one.mean:+.3f}", f"{one.low:+.3f} to {one.high:+.3f}", f"{found.p:.2g}"


if __name__ == "__main__":
    main()
