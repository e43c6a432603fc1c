"""What speed costs: nDCG@10 of every engine against float32, and of kept token vectors.

``python -m benchmarks.quality`` measures on a part of HotpotQA's paragraphs and of SQuAD's where
these are there (``--all`` takes all of HotpotQA and 3,000 of SQuAD): dense retrieval, late
interaction (MaxSim) with token vectors as encoded and as kept, and the blend that is the default.
The pool of late interaction is the best 50 of dense retrieval and BM25, fused, in float32.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._report import about_the_run, table, write
from benchmarks._texts import DATA, read_lines
from rag.evaluate.measures.likeness import overlap
from rag.evaluate.measures.metrics import PRIMARY, per_question
from rag.models.encoder import Encoder
from rag.models.load import load_encoder
from rag.models.token_codes import token_codes
from rag.rerank.late_interaction import max_sim
from rag.settings import Settings
from rag.store.analyse import Analyser
from rag.store.inverted import InvertedIndex
from rag.types import normalised

POOL = 50
Matrix = NDArray[np.float32]
Orders = list[list[str]]  # a list of passages for each question, best first


@dataclass(frozen=True, slots=True)
class Judged:
    """Passages, and questions with the rows of the passages that answer them."""

    name: str
    texts: list[str]
    questions: list[tuple[str, dict[str, int]]]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A set's passages and questions as an engine encodes them."""

    vectors: Matrix
    tokens: list[Matrix]
    asked: Matrix
    asked_tokens: list[Matrix]
    seconds: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true", help="all of HotpotQA, 3,000 of SQuAD")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    sets = [one for one in judged_sets(options.all) if one is not None]
    if not sets:
        print(f"nothing to measure: there is no {DATA}")
        return
    parts = [about_the_run(), *(measured(one) for one in sets)]
    print("\n\n".join(parts))
    if options.write:
        write("quality", "\n\n".join(parts))


def judged_sets(everything: bool) -> Iterator[Judged | None]:
    """Yield the sets that are on this machine."""
    passages, questions = (10_000, 500) if everything else (900, 100)
    yield hotpotqa(passages, questions) if (DATA / "hotpotqa").is_dir() else None
    yield squad(min(passages, 3000), questions) if (DATA / "train").is_dir() else None


def hotpotqa(passages: int, questions: int) -> Judged:
    """Return HotpotQA's first questions with all their paragraphs, filled up with others."""
    folder = DATA / "hotpotqa"
    gold: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        question, passage, grade = line.split("\t")
        gold[question][passage] = int(grade)
    asked = list(read_lines(folder / "queries.jsonl.gz"))[:questions]
    wanted = {name for row in asked for name in gold[row["_id"]]}
    corpus = list(read_lines(folder / "corpus.jsonl.gz"))
    corpus.sort(key=lambda row: row["_id"] not in wanted)
    corpus = corpus[: max(passages, len(wanted))]
    rows = {row["_id"]: str(i) for i, row in enumerate(corpus)}
    return Judged(
        "HotpotQA",
        [f"{row['title']}\n{row['text']}" for row in corpus],
        [(r["text"], {rows[n]: g for n, g in gold[r["_id"]].items()}) for r in asked],
    )


def squad(passages: int, questions: int) -> Judged:
    """Return paragraphs of SQuAD, drawn with a fixed seed, and questions about them."""
    drawn = random.Random(1)
    chosen = drawn.sample(list(read_lines(DATA / "train" / "squad_paragraphs.jsonl.gz")), passages)
    rows = {row["_id"]: str(i) for i, row in enumerate(chosen)}
    pairs = read_lines(DATA / "train" / "pairs.jsonl.gz")
    asked = [
        (p["question"], {rows[p["passage_id"]]: 1}) for p in pairs if p.get("passage_id") in rows
    ]
    return Judged("SQuAD", [row["text"] for row in chosen], drawn.sample(asked, questions))


def measured(judged: Judged) -> str:
    """Return a table of a set: engines against float32."""
    with tempfile.TemporaryDirectory() as cache:
        encoded = {
            engine: encode(load_encoder(Settings(cache=Path(cache), engine=engine)), judged)
            for engine in ("float32", "int8")
        }
        pools = pool_of_each(judged, encoded["float32"], Path(cache))
    rows: list[tuple[str, ...]] = []
    reference: list[Orders] = []
    for engine, one in encoded.items():
        found = [dense(one), *late(one, pools, kept=False), *late(one, pools, kept=True)]
        # What is kept is compared with what is not, in float32.
        reference = reference or [*found[:3], *found[1:3]]
        cells = (_compared(judged, *pair) for pair in zip(found, reference, strict=True))
        rows.append((engine, *cells, f"{one.seconds:.0f}"))
    columns = ("engine", "dense", "MaxSim", "blend", "MaxSim, kept", "blend, kept", "processor s")
    head = (
        f"{judged.name}: {len(judged.texts)} passages, {len(judged.questions)} questions: nDCG@10 "
        "(against float32; how many of its ten first are among the ten)"
    )
    return f"### {head}\n\n{table(columns, rows)}"


def encode(encoder: Encoder, judged: Judged) -> Encoded:
    """Encode a set; the seconds are the processor's for the passages."""
    start = time.process_time()
    vectors, tokens = encoder.encode_both(judged.texts)
    seconds = time.process_time() - start
    questions = [question for question, _ in judged.questions]
    asked = np.stack([encoder.encode_query(question) for question in questions])
    return Encoded(vectors, tokens, asked, encoder.encode_tokens(questions), seconds)


def pool_of_each(judged: Judged, encoded: Encoded, folder: Path) -> list[dict[int, float]]:
    """Return each question's pool: passage's row -> its exact BM25 score."""
    index = InvertedIndex.open(folder / "lexical", Analyser("english"))
    index.add([str(i) for i in range(len(judged.texts))], judged.texts)
    pools = []
    for row, (question, _) in enumerate(judged.questions):
        nearest = np.argsort(-(encoded.vectors @ encoded.asked[row]), kind="stable")[:POOL]
        fused: dict[int, float] = {}
        for found in (nearest.tolist(), [int(name) for name, _ in index.search(question, POOL)]):
            for rank, passage in enumerate(found, 1):
                fused[passage] = fused.get(passage, 0.0) + 1 / (60 + rank)
        best = sorted(fused, key=lambda passage: -fused[passage])[:POOL]
        scores = index.score(question, [str(passage) for passage in best])
        pools.append(dict(zip(best, scores, strict=True)))
    return pools


def dense(encoded: Encoded) -> Orders:
    """Return each question's ten first by dense retrieval over all passages."""
    orders = (np.argsort(-(encoded.vectors @ one), kind="stable")[:10] for one in encoded.asked)
    return [[str(row) for row in order] for order in orders]


def late(encoded: Encoded, pools: Sequence[dict[int, float]], kept: bool) -> tuple[Orders, Orders]:
    """Return the ten first of MaxSim alone and of the blend (0.4, dense 0.3 and BM25 0.3)."""
    codes = token_codes(encoded.vectors.shape[1])
    alone: Orders = []
    blended: Orders = []
    for row, pool in enumerate(pools):
        tokens, question = [encoded.tokens[p] for p in pool], encoded.asked_tokens[row]
        rows, counts = np.concatenate(tokens), [len(one) for one in tokens]
        if kept:
            rows, counts = codes.unpack([codes.pack(one) for one in tokens])
            question = codes.turn(question)
        scores = max_sim(question, rows, counts)
        cosines = [float(encoded.vectors[p] @ encoded.asked[row]) for p in pool]
        parts = zip(*map(normalised, (cosines, list(pool.values()), scores)), strict=True)
        mixed = [0.3 * a + 0.3 * b + 0.4 * c for a, b, c in parts]
        for values, orders in ((scores, alone), (mixed, blended)):
            order = sorted(zip(pool, values, strict=True), key=lambda pair: -pair[1])
            orders.append([str(passage) for passage, _ in order[:10]])
    return alone, blended


def _compared(judged: Judged, orders: Orders, reference: Orders) -> str:
    mean, exact = mean_of(judged, orders), mean_of(judged, reference)
    shared = statistics.mean(overlap(*pair, 10) for pair in zip(orders, reference, strict=True))
    return f"{mean:.4f} ({mean - exact:+.4f}; {shared:.1%})"


def mean_of(judged: Judged, orders: Orders) -> float:
    """Return the mean nDCG@10 of a set's orders."""
    grades = {str(row): gold for row, (_, gold) in enumerate(judged.questions)}
    rankings = {str(row): order for row, order in enumerate(orders)}
    return statistics.mean(per_question(rankings, grades, (PRIMARY,))[PRIMARY].values())


if __name__ == "__main__":
    main()
