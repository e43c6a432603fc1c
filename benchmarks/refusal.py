"""How well a question that the library cannot answer is set apart from one that it can.

    python -m benchmarks.refusal --data DIR

Every question is asked twice: of the whole library, and of the library without the documents that
answer it. Answered right: the first is not refused. Refused right: the second is. On HotpotQA the
paragraphs that stay are close to the ones that were taken out, by design; in the chunking set the
other two documents speak of something else. The fit uses one half of the questions, the figures
come from the other. ``sample_docs`` is never fitted on: its questions are asked by the real
pipeline, with the weights in use, and seven of the sixty have no answer there.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

from benchmarks.extractive import Question, chunking, hotpotqa
from rag.generate.relevance import FITTED, features
from rag.models.encoder import Encoder
from rag.models.load import load_encoder
from rag.settings import load_settings
from rag.store.analyse import Analyser
from rag.types import Chunk, Stage, Trace, ranked
from ranklens.library import Library

POOL, TOP = 50, 5
SAMPLES = Path(__file__).parents[1] / "sample_docs"
FOUND = 4
LEVELS = (0.05, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
Matrix = NDArray[np.float64]


def main() -> None:
    """Fit, and print the rates at several thresholds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--passages", type=int, default=5000, help="of HotpotQA, gold included")
    options = parser.parse_args()
    encoder, analyser = load_encoder(load_settings()), Analyser("english")
    chunks, questions = hotpotqa(options.data / "hotpotqa", slice(options.questions))
    sets = {
        "hotpotqa": (sampled(chunks, questions, options.passages), questions),
        "chunking": chunking(options.data / "chunking", slice(None), encoder),
    }
    made = {
        name: rows(encoder, analyser, own, asked[:: max(1, len(asked) // options.questions)])
        for name, (own, asked) in sets.items()
    }
    weights = fitted(np.concatenate([table[::2].reshape(-1, FOUND + 1) for table in made.values()]))
    print("fitted on even questions:", ", ".join(f"{w:.2f}" for w in weights), "in use:", FITTED)
    for name, table in made.items():
        for half, kind in ((table[1::2], "odd"), (table[::2], "even")):
            chance = probability(half, weights)
            report(f"{name}, {kind} questions", chance[:, 0], chance[:, 1])
    asked = samples(analyser)
    chance, answerable = probability(asked, np.array(FITTED)), asked[:, FOUND] > 0
    report("sample_docs, never fitted on", chance[answerable], chance[~answerable])


def report(name: str, answerable: Matrix, beside: Matrix) -> None:
    """Print what thresholds do with the relevances of both kinds of questions."""
    area = (answerable[:, None] > beside[None]).mean()
    print(f"{name}: {len(answerable)} answerable, {len(beside)} not, AUC {area:.3f}")
    for at in LEVELS:
        answered, refused = (answerable >= at).mean(), (beside < at).mean()
        print(f"  below {at:.2f}: answered right {answered:.3f}, refused right {refused:.3f}")


def samples(analyser: Analyser) -> Matrix:
    """Return (questions, features and label) of the sample documents, by the real pipeline."""
    asked = [json.loads(line) for line in (SAMPLES / "questions.jsonl").open(encoding="utf-8")]
    with (
        tempfile.TemporaryDirectory() as folder,
        Library.open(load_settings().updated(library=Path(folder))) as library,
    ):
        for path in sorted(SAMPLES.iterdir()):
            if path.name not in ("README.md", "questions.jsonl"):
                library.enqueue(path)
        library.work()
        traces = [library.pipeline.search(one["question"]) for one in asked]
    labels = [one["kind"] != "unanswerable" for one in asked]
    found = [
        (*features(trace, analyser), label) for trace, label in zip(traces, labels, strict=True)
    ]
    return np.array(found, float)


def sampled(chunks: Sequence[Chunk], questions: Sequence[Question], most: int) -> list[Chunk]:
    """Return the gold paragraphs with others around them, ``most`` in all."""
    gold = {document for question in questions for document, _, _ in question.gold}
    rest = [chunk for chunk in chunks if chunk.document not in gold]
    random.Random(0).shuffle(rest)
    kept = [chunk for chunk in chunks if chunk.document in gold]
    return kept + rest[: max(0, most - len(kept))]


def rows(
    encoder: Encoder, analyser: Analyser, chunks: Sequence[Chunk], questions: Sequence[Question]
) -> Matrix:
    """Return (questions, 2, features and 1 or 0), with and without the documents that answer."""
    vectors = encoder.encode([chunk.passage for chunk in chunks])
    lexical = BM25Okapi([analyser(chunk.passage) for chunk in chunks])
    found = []
    for question in questions:
        gone = {document for document, _, _ in question.gold}
        scores = (
            vectors @ encoder.encode_query(question.text),
            lexical.get_scores(analyser(question.text)),
        )
        left = [i for i, chunk in enumerate(chunks) if chunk.document not in gone]
        pair = []
        for answerable, places in ((1.0, list(range(len(chunks)))), (0.0, left)):
            trace = traced(question.text, chunks, places, *scores)
            pair.append((*features(trace, analyser), answerable))
        found.append(pair)
    return np.array(found, float)


def traced(
    question: str, chunks: Sequence[Chunk], places: Sequence[int], dense: Matrix, terms: Matrix
) -> Trace:
    """Return the trace that retrieval and fusion over some of the chunks would leave."""
    stages, fused = [], dict.fromkeys(places, 0.0)
    for name, scores in (("dense", dense), ("lexical", terms)):
        best = sorted(places, key=lambda i: -scores[i])[:POOL]
        stages.append(Stage(name, ranked((chunks[i], float(scores[i])) for i in best), 0.0))
        for rank, i in enumerate(best, 1):
            fused[i] += 1 / (60 + rank)
    best = sorted(fused, key=lambda i: -fused[i])[:POOL]
    stages.append(Stage("fused", ranked((chunks[i], fused[i]) for i in best), 0.0))
    return Trace(question, {"top": TOP}, tuple(stages))


def fitted(table: Matrix) -> NDArray[np.float64]:
    """Return intercept and weights of a logistic regression (Newton's method, slight ridge)."""
    x, y = np.c_[np.ones(len(table)), table[:, :FOUND]], table[:, FOUND]
    weights = np.zeros(FOUND + 1)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-x @ weights))
        hessian = (x * (chance * (1 - chance))[:, None]).T @ x + 1e-2 * np.eye(FOUND + 1)
        weights += np.linalg.solve(hessian, x.T @ (y - chance) - 1e-2 * weights)
    return weights


def probability(table: Matrix, weights: NDArray[np.float64]) -> Matrix:
    """Return the fitted probability of every row."""
    return 1 / (1 + np.exp(-(weights[0] + table[..., :FOUND] @ weights[1:])))


if __name__ == "__main__":
    main()
