"""What expansion and the second hop gain, by kind of question, with and without a reranker.

``python -m benchmarks.expansion DIR`` indexes a folder in BEIR's layout (once; ``--work`` keeps it
elsewhere) and prints nDCG@10, recall@5, recall@10 and the median milliseconds of each pipeline for
each ``type`` of question that ``queries.jsonl`` names. A pipeline is options: ``--pipeline
hops=2,hop_decay=0.8``; without any, the table of docs/rerankers.md is measured.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from benchmarks._texts import read_lines
from rag.evaluate.data import Evaluation, Run
from rag.evaluate.measures.metrics import per_question
from rag.settings import load_settings
from ranklens.judged_sets import opened_set
from ranklens.library import Library
from ranklens.measuring import measure

MEASURES = ("ndcg@10", "recall@5", "recall@10")
WAYS = ("", "expansion=feedback", "hops=2", "expansion=feedback,hops=2")
RERANKERS = ("none", "late-interaction")


def main() -> None:
    """Run the pipelines that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, help="folder for the library")
    parser.add_argument("--limit", type=int, help="the first N questions only")
    parser.add_argument("--pipeline", action="append", metavar="NAME=VALUE,…")
    parser.add_argument(
        "--keep-scores", action="store_true", help="score a pair once: faster, and no times"
    )
    options = parser.parse_args()
    named = options.pipeline or [
        f"reranker={reranker},{way}".strip(",") for reranker in RERANKERS for way in WAYS
    ]
    with tempfile.TemporaryDirectory() as empty:
        kept = 500 if options.keep_scores else 0
        settings = load_settings(folder=Path(empty), rerank_cache_mb=kept, rerank_seconds=300)
        source = str(options.folder.absolute())
        with opened_set(
            Library.open, settings, source, work=options.work, limit=options.limit
        ) as judged:
            found = measure(judged, {name: parsed(name) for name in named})
    report(found, types(options.folder), times=not options.keep_scores)


def types(folder: Path) -> dict[str, str]:
    """Return each question's ``type``, where the dataset names one."""
    return {row["_id"]: row.get("type", "") for row in read_lines(folder / "queries.jsonl.gz")}


def parsed(pipeline: str) -> dict[str, str]:
    """Return options out of ``a=1,b=x``; a part without ``=`` goes on the value before it."""
    made: dict[str, str] = {}
    for part in pipeline.split(","):
        name, equals, value = part.partition("=")
        if equals:
            last = name.strip()
            made[last] = value.strip()
        else:
            made[last] += f",{part}"
    return made


def report(found: Evaluation, kind_of: dict[str, str], times: bool) -> None:
    """Print a row for each pipeline and kind of question."""
    kinds = dict.fromkeys(kind_of[question.id] for question in found.questions)
    print("| pipeline | questions | n | " + " | ".join(MEASURES) + " | ms |")
    print("| --- " * (len(MEASURES) + 4) + "|")
    for run in found.runs:
        for kind in kinds:
            ids = {q.id for q in found.questions if kind_of[q.id] == kind}
            print(row(run, kind, ids, found, times))


def row(run: Run, kind: str, ids: set[str], found: Evaluation, times: bool) -> str:
    """Return a line of the table: the last stage's figures over the questions of one kind."""
    results = [result for result in run.results if result.question in ids]
    rankings = {result.question: result.rankings[-1].items for result in results}
    values = per_question(rankings, found.grades, MEASURES)
    means = [f"{statistics.mean(values[name].values()):.4f}" for name in MEASURES]
    ms = f"{1000 * statistics.median(r.seconds for r in results):.0f}" if times else ""
    return f"| {run.name} | {kind or 'all'} | {len(results)} | {' | '.join(means)} | {ms} |"


if __name__ == "__main__":
    main()
