"""What each reranker gains and costs on one pool of candidates, as a table in Markdown.

    python -m benchmarks.rerankers DIR DIR --limit 100

Without ``--reranker`` it takes those that need neither a key nor a download. All of them rerank the
same candidates, question by question in turns, with the cache of scores off; ms are the reranking
stage alone.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from ingest.datasets import prepare, read
from rag.evaluate.data import Evaluation, Run
from rag.evaluate.experiments.run import evaluate
from rag.evaluate.measures.metrics import per_question
from rag.settings import Settings, load_settings

NAMES = (
    "none",
    "maxsim",
    "late-interaction",
    "rrf:none+maxsim",
    "cascade:maxsim>late-interaction",
)
MEASURES = ("ndcg@10", "recall@5")


def main() -> None:
    """Print a table a dataset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--limit", type=int, help="the first N questions only")
    parser.add_argument("--reranker", action="append", help="a name; repeatable")
    parser.add_argument("--work", type=Path, help="keeps the indexed libraries for another run")
    options = parser.parse_args()
    names = options.reranker or NAMES
    variants = {name: {"reranker": name} for name in names}
    if not options.reranker:
        kept = {"reranker": "late-interaction", "rerank_policy": "ambiguous"}
        variants["late-interaction, when ambiguous"] = kept
    with tempfile.TemporaryDirectory() as scratch:
        for folder in options.folders:
            settings = load_settings(rerank_cache_mb=0)
            work = (options.work or Path(scratch)) / folder.name
            found = measured(folder, settings, work, variants, options.limit)
            print(table(found), flush=True)


def measured(
    folder: Path,
    settings: Settings,
    work: Path,
    variants: dict[str, dict[str, str]],
    limit: int | None,
) -> Evaluation:
    """Index a dataset where that is still to do, and ask its questions of every variant."""
    dataset = read(folder)
    with prepare.open_library(settings, work) as library:
        prepare.fill(library, dataset)
        grades, notes = prepare.grades_for(library, dataset)
        return evaluate(
            dataset.name,
            library.pipeline,
            variants,
            dataset.limited(limit).questions,
            grades,
            dataset.unit,
            frozen=True,
            notes=notes,
        )


def table(found: Evaluation) -> str:
    """Return the figures of one dataset."""
    lines = [
        f"**{found.name}**, {len(found.questions)} questions",
        "",
        "| reranker | nDCG@10 | recall@5 | ms (median) | ms (95 %) |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join([*lines, *(row(run, found) for run in found.runs), ""])


def row(run: Run, found: Evaluation) -> str:
    """Return one reranker's line; where it fell back the line says how often."""
    stages = {r.question: stage for r in run.results if (stage := r.ranking("reranked"))}
    values = per_question({q: stage.items for q, stage in stages.items()}, found.grades, MEASURES)
    figures = " | ".join(f"{np.mean(list(values[name].values())):.3f}" for name in MEASURES)
    ms = [1000 * stage.seconds for stage in stages.values()]
    fell_back = run.fell_back("reranked")
    name = f"`{run.name}`" + (f" (fell back {fell_back} times)" if fell_back else "")
    return f"| {name} | {figures} | {np.median(ms):.0f} | {np.percentile(ms, 95):.0f} |"


if __name__ == "__main__":
    main()
