"""What late interaction gains from first-stage scores when it ranks texts that are in no library.

``python -m benchmarks.given`` ranks each question's pool of 50 texts by MaxSim alone and blended
with cosines and BM25 scores; BM25 knows the word counts of those 50 texts only, or of the whole
library (what a question to the library gets). Weights are the defaults: 0.3 dense, 0.3 BM25, 0.4
MaxSim. nDCG@10, on the parts of HotpotQA and SQuAD that `benchmarks.quality` uses.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks._report import about_the_run, table
from benchmarks.quality import Encoded, Judged, encode, judged_sets, mean_of, pool_of_each
from rag.models.load import load_encoder
from rag.rerank.late_interaction import max_sim
from rag.retrieve.given import bm25
from rag.settings import Settings
from rag.types import normalised

WEIGHTS = {"dense": 0.3, "BM25": 0.3, "BM25 of the library": 0.3, "MaxSim": 0.4}
BLENDS: tuple[tuple[str, ...], ...] = (
    ("MaxSim",),
    ("BM25", "MaxSim"),
    ("dense", "MaxSim"),
    ("dense", "BM25", "MaxSim"),
    ("dense", "BM25 of the library", "MaxSim"),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true", help="all of HotpotQA, 3,000 of SQuAD")
    options = parser.parse_args()
    sets = [one for one in judged_sets(options.all) if one is not None]
    columns = ["blend of", *(f"{s.name}, {len(s.questions)} questions" for s in sets)]
    found = [measured(one) for one in sets]
    rows = [(" + ".join(b), *(f"{one[b]:.4f}" for one in found)) for b in BLENDS]
    print(f"{about_the_run()}\n\n{table(columns, rows)}")


def measured(judged: Judged) -> dict[tuple[str, ...], float]:
    """Return nDCG@10 of every blend on one set."""
    with tempfile.TemporaryDirectory() as cache:
        encoded = encode(load_encoder(Settings(cache=Path(cache))), judged)
        pools = pool_of_each(judged, encoded, Path(cache))
    columns = [scores_of(judged, encoded, row, pool) for row, pool in enumerate(pools)]
    return {
        blend: mean_of(judged, [first(p, c, blend) for p, c in zip(pools, columns, strict=True)])
        for blend in BLENDS
    }


def scores_of(
    judged: Judged, encoded: Encoded, row: int, pool: Mapping[int, float]
) -> dict[str, list[float]]:
    """Return the scores of a question's pool by each scorer, min-max normalised."""
    tokens = [encoded.tokens[passage] for passage in pool]
    found = {
        "dense": [float(encoded.vectors[p] @ encoded.asked[row]) for p in pool],
        "BM25": bm25(judged.questions[row][0], [judged.texts[p] for p in pool]),
        "BM25 of the library": list(pool.values()),
        "MaxSim": max_sim(
            encoded.asked_tokens[row], np.concatenate(tokens), [len(t) for t in tokens]
        ),
    }
    return {name: normalised(values) for name, values in found.items()}


def first(
    pool: Mapping[int, float], scores: Mapping[str, list[float]], blend: Sequence[str]
) -> list[str]:
    """Return the ten first passages of a pool by a weighted sum."""
    columns = [[WEIGHTS[name] * value for value in scores[name]] for name in blend]
    totals = [sum(values) for values in zip(*columns, strict=True)]
    order = sorted(zip(pool, totals, strict=True), key=lambda pair: -pair[1])
    return [str(passage) for passage, _ in order[:10]]


if __name__ == "__main__":
    main()
