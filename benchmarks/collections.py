"""What documents beside a collection do to its figures: ``python -m benchmarks.collections``.

    python -m benchmarks.collections --data ../shared/data/sec-10-q

The sample questions are asked three times by the library's default pipeline and without reranking:
of a library that has the sample documents only; of their collection, beside the documents of
``--data`` in the default one; and of all documents at once, as if there were no collections.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rag.settings import load_settings
from ranklens import judged_sets, measuring, samples
from ranklens.judged_sets import JudgedSet
from ranklens.library import Library
from ranklens.measuring import Figures

NAME = samples.name_of(samples.FOLDER)
METRICS = ("ndcg@10", "recall@50", "mrr")
PIPELINES = ("none", "current")


def main() -> None:
    """Index both libraries and print the figures of the three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="documents beside the samples")
    given = parser.parse_args()
    print(f"{'asked':34}{'stage':12}" + "".join(f"{metric:>11}" for metric in METRICS))
    rankings: dict[str, list[tuple[str, ...]]] = {}
    for what, judged in sets(given.data):
        found = measured(judged)
        show(what, found)
        last = found.evaluation.runs[-1].results
        rankings[what] = [result.rankings[-1].items[:10] for result in last]
    alone, within, _ = rankings.values()
    same = sum(a == b for a, b in zip(alone, within, strict=True))
    print(f"the same first ten in the same order: {same} of {len(alone)} questions")


def sets(data: Path) -> Iterator[tuple[str, JudgedSet]]:
    """Yield what the questions are asked of."""
    for others in ((), [data]):
        with (
            tempfile.TemporaryDirectory() as folder,
            Library.open(load_settings().updated(library=Path(folder))) as library,
        ):
            samples.add_documents(library)
            if others:
                library.add(others)
            samples.add_questions(library)
            judged = judged_sets.question_set(library, NAME)
            count = len(library.documents()) - len(library.documents(NAME))
            if not others:
                yield "the samples alone", judged
                continue
            yield f"their collection, beside {count} more", judged
            yield f"all documents, {count} more", replace(judged, collection="")


def measured(judged: JudgedSet) -> Figures:
    """Return the figures of both pipelines."""
    pipelines = measuring.resolve(judged.library.settings, PIPELINES, owner=True)
    return measuring.figures_of(measuring.measure(judged, pipelines), METRICS)


def show(what: str, found: Figures) -> None:
    """Print a line for each stage."""
    for name in ("dense", "lexical", "fused", "reranked"):
        stage = found.stage(name, PIPELINES[-1])
        if stage is not None:
            values = "".join(f"{stage.metrics[metric].mean:11.4f}" for metric in METRICS)
            print(f"{what:34}{name:12}{values}")


if __name__ == "__main__":
    main()
