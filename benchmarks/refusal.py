"""How well a question that the library cannot answer is set apart from one that it can.

    python -m benchmarks.refusal --data DIR [--library FOLDER]

On HotpotQA and the chunking set every question is asked twice: of the whole library, and of the
library without the documents that answer it. On HotpotQA the paragraphs that stay are close to the
ones that were taken out, by design; in the chunking set the other two documents speak of something
else. The fit uses one half of these questions. The questions of ``sample_docs`` and of the
quarterly reports (``benchmarks.answers``) are asked by the real pipeline; those without an answer
are about the subjects of these documents.

The table shows, for each level of ``refuse_below``, the share of unanswerable questions that are
refused and of answerable ones that are refused by mistake. The level is chosen on one half (even
questions, and the reports that others were tuned on); the table is of the other half.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

from benchmarks import answers
from benchmarks._report import table
from benchmarks.extractive import Question, chunking, hotpotqa
from rag.generate.relevance import FITTED, features
from rag.models.encoder import Encoder
from rag.models.load import load_encoder
from rag.settings import load_settings
from rag.store.analyse import Analyser
from rag.types import Chunk, Stage, Trace, ranked
from ranklens.library import Library

POOL, TOP = 50, 5
FOUND = 4
LEVELS = (0.05, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
MOST_LOST = 0.02
Matrix = NDArray[np.float64]
Half = tuple[Matrix, Matrix]
Halves = tuple[Matrix, Matrix]


def main() -> None:
    """Fit, choose the level on one half, and print what it does on the other."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--library", type=Path, help="keep the library of the reports here")
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--passages", type=int, default=5000, help="of HotpotQA, gold included")
    options = parser.parse_args()
    encoder, analyser = load_encoder(load_settings()), Analyser("english")
    chunks, questions = hotpotqa(options.data / "hotpotqa", slice(options.questions))
    sets = {
        "HotpotQA": (sampled(chunks, questions, options.passages), questions),
        "chunking": chunking(options.data / "chunking", slice(None), encoder),
    }
    made = {
        name: rows(encoder, analyser, own, asked[:: max(1, len(asked) // options.questions)])
        for name, (own, asked) in sets.items()
    }
    weights = fitted(np.concatenate([table[::2].reshape(-1, FOUND + 1) for table in made.values()]))
    print("fitted on even questions:", ", ".join(f"{w:.2f}" for w in weights), "in use:", FITTED)
    halves = {name: (table[::2], table[1::2]) for name, table in made.items()}
    halves["samples"] = samples(analyser)
    if reports := sorted((options.data / "sec-10-q").glob("*.pdf")):
        halves["10-Q"] = quarterly(reports, options.library, analyser)
    chances = {name: tuple(map(parted, pair)) for name, pair in halves.items()}
    level = chosen([choosing for choosing, _ in chances.values()])
    print(f"chosen on one half: {level}. On the other half:")
    print(curve({name: reported for name, (_, reported) in chances.items()}))


def parted(table: Matrix) -> Half:
    """Return the relevances of answerable and of unanswerable questions."""
    flat = table.reshape(-1, FOUND + 1)
    chance, answerable = probability(flat, np.array(FITTED)), flat[:, FOUND] > 0
    return chance[answerable], chance[~answerable]


def chosen(halves: Sequence[Half]) -> float:
    """Return the highest level at which no set loses more than `MOST_LOST` of its answers."""
    return max(
        level
        for level in (0.0, *LEVELS)
        if all((answerable < level).mean() <= MOST_LOST for answerable, _ in halves)
    )


def curve(halves: Mapping[str, Half]) -> str:
    """Return the table of shares that are refused, right and by mistake, for each level."""
    head = ["`refuse_below`"]
    for name, (answerable, beside) in halves.items():
        head += [f"{name}: refused of {len(beside)} unanswerable", f"of {len(answerable)} others"]
    lines = []
    for level in LEVELS:
        shares = ((of < level).mean() for pair in halves.values() for of in reversed(pair))
        lines.append([str(level), *(f"{share:.3f}" for share in shares)])
    return table(head, lines)


def quarterly(reports: Sequence[Path], kept: Path | None, analyser: Analyser) -> Halves:
    """Return the questions about quarterly reports: of those tuned on, and of the others."""
    with answers.library(reports, kept and kept / "sec-10-q") as lib:
        halves = answers.split(answers.read("sec-10-q.csv")).values()
        choosing, reported = (
            asked_of(lib, analyser, [(one.question, bool(one.values)) for one in half])
            for half in halves
        )
    return choosing, reported


def samples(analyser: Analyser) -> Halves:
    """Return the even and the odd questions of the sample documents."""
    asked = [(one.question, bool(one.values)) for one in answers.sample_questions()]
    with answers.library(answers.sample_paths()) as lib:
        made = asked_of(lib, analyser, asked)
    return made[::2], made[1::2]


def asked_of(lib: Library, analyser: Analyser, asked: Sequence[tuple[str, bool]]) -> Matrix:
    """Return (questions, features and label), found by the real pipeline."""
    found = [
        (*features(lib.pipeline.search(question), analyser), answerable)
        for question, answerable in asked
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
    """Return intercept and weights of a logistic regression; the last column is 1 or 0.

    By Newton's method, with a slight ridge.
    """
    x, y = np.c_[np.ones(len(table)), table[:, :-1]], table[:, -1]
    weights = np.zeros(x.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-x @ weights))
        hessian = (x * (chance * (1 - chance))[:, None]).T @ x + 1e-2 * np.eye(len(weights))
        weights += np.linalg.solve(hessian, x.T @ (y - chance) - 1e-2 * weights)
    return weights


def probability(table: Matrix, weights: NDArray[np.float64]) -> Matrix:
    """Return the fitted probability of every row."""
    return 1 / (1 + np.exp(-(weights[0] + table[..., :FOUND] @ weights[1:])))


if __name__ == "__main__":
    main()
