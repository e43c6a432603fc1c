"""Choose the weights of hybrid rerankers and the thresholds of selective reranking, on judged data.

    python -m benchmarks.choose_weights DIR DIR --limit 100

Candidates are retrieved and scored once; the rest is arithmetic over a grid. Choices are made on
every second question and reported on the others, all datasets counting alike.
"""

from __future__ import annotations

import argparse
import itertools
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.datasets import prepare, read
from ingest.datasets.base import Dataset
from rag.evaluate.data import Grades
from rag.rerank.base import Context
from rag.rerank.policy import sureness
from rag.rerank.run import Rerankers
from rag.settings import Settings, load_settings
from rag.types import Candidate, Stage, normalised
from ranklens.library import Library

Row = NDArray[np.float64]
BATCH, STEP, WORST_LOSS = 10, 0.1, 0.005


@dataclass(frozen=True, slots=True)
class Pool:
    """One question's candidates: normalised scores by column, grades, and the ideal DCG at 10."""

    columns: Row  # (3, candidates): dense, BM25, reranker
    items: tuple[str, ...]
    grades: Mapping[str, int]
    sureness: tuple[float, float]

    def ndcg(self, scores: Row) -> float:
        """Return nDCG@10 of the candidates by falling score, ties in the order they came."""
        order = dict.fromkeys(self.items[i] for i in np.argsort(-scores, kind="stable"))
        gains = [max(0, self.grades.get(item, 0)) for item in list(order)[:10]]
        best = sorted((g for g in self.grades.values() if g > 0), reverse=True)[:10]
        return _dcg(gains) / _dcg(best) if best else 0.0


def main() -> None:
    """Print both choices and what they give on questions that they were not made on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--limit", type=int, help="the first N questions only")
    parser.add_argument("--reranker", default="maxsim", help="the one that is blended")
    parser.add_argument("--work", type=Path, help="keeps the indexed libraries for another run")
    options = parser.parse_args()
    sets: dict[str, list[Pool]] = {}
    settings = load_settings(reranker=options.reranker)
    with tempfile.TemporaryDirectory() as scratch:
        for folder in options.folders:
            work = (options.work or Path(scratch)) / folder.name
            sets[folder.name] = pools(read(folder).limited(options.limit), settings, work)
    tune = {name: found[::2] for name, found in sets.items()}
    held = {name: found[1::2] for name, found in sets.items()}
    print(weights_report(tune, held, settings))
    print(thresholds_report(tune, held, settings))


def pools(dataset: Dataset, settings: Settings, work: Path) -> list[Pool]:
    """Retrieve and score every question's candidates."""
    with prepare.open_library(settings, work) as library:
        prepare.fill(library, dataset)
        grades, _ = prepare.grades_for(library, dataset)
        asked = retrieved(dataset, library)
        context = Context(settings, library.encoder, library.index.tokens.fetch)
        rerankers = Rerankers()
        stages: list[Stage] = []
        for start in range(0, len(asked), BATCH):
            part = [(text, found) for _, text, found in asked[start : start + BATCH]]
            stages += rerankers.rank_many(part, context)
        rerankers.close()
        return list(_pools(asked, stages, grades, dataset.unit == "document", settings))


def retrieved(dataset: Dataset, library: Library) -> list[tuple[str, str, Sequence[Candidate]]]:
    """Return (question id, question, candidates): what the app's pipeline gives its reranker."""
    seen: list[Sequence[Candidate]] = []
    rank = Rerankers.rank

    def remember(self: Rerankers, query: str, pool: Sequence[Candidate], context: Context) -> Stage:
        seen.append(pool)
        return rank(self, query, pool, context)

    Rerankers.rank = remember  # type: ignore[method-assign]
    try:
        pipeline = library.pipeline.with_settings(reranker="none")
        for question in dataset.questions:
            pipeline.search(question.text)
    finally:
        Rerankers.rank = rank  # type: ignore[method-assign]
    return [(q.id, q.text, pool) for q, pool in zip(dataset.questions, seen, strict=True)]


def _pools(
    asked: Sequence[tuple[str, str, Sequence[Candidate]]],
    stages: Sequence[Stage],
    grades: Grades,
    by_document: bool,
    settings: Settings,
) -> Iterator[Pool]:
    for (question, _, found), stage in zip(asked, stages, strict=True):
        own = grades.get(question, {})
        if not found or not any(grade > 0 for grade in own.values()):
            continue
        scores = {hit.chunk.id: hit.score for hit in stage.hits}
        columns = (
            normalised([c.dense for c in found]),
            normalised([c.lexical for c in found]),
            normalised([scores[c.chunk.id] for c in found]),
        )
        items = tuple(c.chunk.document if by_document else c.chunk.id for c in found)
        yield Pool(np.array(columns), items, own, sureness(found, settings))


def weights_report(
    tune: Mapping[str, list[Pool]], held: Mapping[str, list[Pool]], settings: Settings
) -> str:
    """Return the best weights by the mean of the datasets, and the current ones beside them."""
    parts = round(1 / STEP)
    grid = [
        (a / parts, b / parts, (parts - a - b) / parts)
        for a, b in itertools.product(range(parts + 1), repeat=2)
        if a + b <= parts
    ]
    best = max(grid, key=lambda weights: _mean(blended(tune, weights)))
    now = (settings.blend_dense, settings.blend_lexical, settings.blend_reranker)
    lines = ["weights (dense, BM25, reranker): nDCG@10 on the questions not chosen on", ""]
    for name, weights in (
        ("chosen", best),
        ("current", now),
        ("reranker alone", (0.0, 0.0, 1.0)),
        ("no reranker", (0.5, 0.5, 0.0)),
    ):
        found = blended(held, weights)
        shown = ", ".join(f"{weight:.2g}" for weight in weights)
        each = "  ".join(f"{of} {np.mean(values):.4f}" for of, values in found.items())
        lines.append(f"  {name:15} ({shown})  {each}  mean {_mean(found):.4f}")
    return "\n".join(lines) + "\n"


def thresholds_report(
    tune: Mapping[str, list[Pool]], held: Mapping[str, list[Pool]], settings: Settings
) -> str:
    """Return the thresholds that skip most at a loss of at most `WORST_LOSS` a dataset."""
    weights = (settings.blend_dense, settings.blend_lexical, settings.blend_reranker)
    grid = list(itertools.product(np.arange(0, 1.01, 0.05), np.arange(0, 1.01, 0.1)))
    fitting = [t for t in grid if min(selective(tune, weights, t)[1].values()) >= -WORST_LOSS]
    chosen = max(
        fitting, key=lambda t: _share(selective(tune, weights, t)[0]), default=(1.01, 1.01)
    )
    lines = ["selective reranking (gap, spread): questions skipped, and nDCG@10 gained or lost", ""]
    for name, limits in (
        ("chosen", chosen),
        ("current", (settings.rerank_gap, settings.rerank_spread)),
    ):
        skipped, gained = selective(held, weights, limits)
        each = "  ".join(f"{of} {skipped[of]:.0%} {gained[of]:+.4f}" for of in held)
        lines.append(f"  {name:8} ({limits[0]:.2f}, {limits[1]:.2f})  {each}")
    return "\n".join(lines) + "\n"


def blended(sets: Mapping[str, list[Pool]], weights: Sequence[float]) -> dict[str, list[float]]:
    """Return nDCG@10 of every question under a blend."""
    row = np.array(weights)
    return {name: [p.ndcg(row @ p.columns) for p in found] for name, found in sets.items()}


def selective(
    sets: Mapping[str, list[Pool]], weights: Sequence[float], limits: Sequence[float]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return by dataset the share of questions that are skipped, and the nDCG@10 it gains."""
    skipped, gained = {}, {}
    row = np.array(weights)
    for name, found in sets.items():
        sure = [p for p in found if p.sureness[0] >= limits[0] and p.sureness[1] >= limits[1]]
        fused = [p.ndcg(-np.arange(len(p.items), dtype=float)) for p in sure]
        change = sum(f - p.ndcg(row @ p.columns) for p, f in zip(sure, fused, strict=True))
        skipped[name] = len(sure) / max(1, len(found))
        gained[name] = change / max(1, len(found))
    return skipped, gained


def _mean(found: Mapping[str, list[float]]) -> float:
    return float(np.mean([np.mean(values) for values in found.values()]))


def _share(skipped: Mapping[str, float]) -> float:
    return float(np.mean(list(skipped.values())))


def _dcg(gains: Sequence[int]) -> float:
    return sum((2**gain - 1) / math.log2(place + 1) for place, gain in enumerate(gains, 1))


if __name__ == "__main__":
    main()
