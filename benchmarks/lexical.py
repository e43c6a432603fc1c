"""The inverted index beside rank-bm25, in one run: ``python -m benchmarks.lexical``.

The texts are made up: words drawn by Zipf's law, 120 a chunk; half of a question's words are drawn
like the texts' and half from the moderately rare ones that questions are about. Both engines get
the same terms, so the analyser is timed by itself.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rank_bm25 import BM25Okapi

from rag.store.analyse import Analyser
from rag.store.inverted import InvertedIndex

TERMS = 300_000
CHUNK = 120
BATCH = 1_000


class Spaces:
    """Cuts at spaces; equal words are one object, as they are from the real analyser."""

    name = "spaces"

    def __call__(self, text: str) -> list[str]:
        """Return the words between spaces."""
        return [sys.intern(word) for word in text.split()]

    def document(self, text: str, _language: str) -> list[str]:
        """Return the terms of a document's text."""
        return self(text)

    def question(self, text: str, _languages: object = None) -> list[tuple[str, ...]]:
        """Return the terms of a question."""
        return [(word,) for word in self(text)]


ANALYSE = Spaces()


class Texts:
    """Made-up chunks and questions."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)
        weights = 1 / np.arange(1, TERMS + 1) ** 1.07
        self._cumulated = np.cumsum(weights / weights.sum())

    def chunks(self, n: int) -> list[str]:
        """Return ``n`` chunks."""
        return [self._text(self._common(CHUNK)) for _ in range(n)]

    def question(self) -> str:
        """Return a question of six words."""
        rare = self._random.integers(50, 5_000, size=3)
        return self._text(np.concatenate([self._common(3), rare]))

    def _common(self, n: int) -> np.ndarray:
        return np.searchsorted(self._cumulated, self._random.random(n))

    def _text(self, numbers: np.ndarray) -> str:
        return " ".join(f"w{number}" for number in numbers)


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long ``work`` takes."""
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


def same_order(ours: list[tuple[str, float]], scores: np.ndarray) -> bool:
    """Return whether the chunks found are BM25Okapi's best, ties by the order of adding."""
    best = np.argsort(-scores, kind="stable")[: len(ours)]
    return [id for id, _ in ours] == [str(row) for row in best]


def compare(chunks: int, questions: int) -> None:
    """Print the figures for a library of so many chunks."""
    texts = Texts()
    library = texts.chunks(chunks)
    asked = [texts.question() for _ in range(questions)]
    print(f"{chunks:,} chunks of {CHUNK} words {'inverted':>16} {'rank-bm25':>12}")
    with tempfile.TemporaryDirectory() as folder:
        index = InvertedIndex.open(Path(folder), ANALYSE)
        build = milliseconds(lambda: index.add(numbers(chunks), library))
        made: list[BM25Okapi] = []
        okapi_build = milliseconds(lambda: made.append(BM25Okapi(map(ANALYSE, library))))
        report("build", build, okapi_build, "ms")
        compare_questions(index, made.pop(), asked)
        compare_changes(index, texts, okapi_build)
        saving = milliseconds(index.save)
        opening = milliseconds(lambda: InvertedIndex.open(Path(folder), ANALYSE))
        print(f"save {saving:.0f} ms, open {opening:.0f} ms")


def compare_questions(index: InvertedIndex, other: BM25Okapi, asked: list[str]) -> None:
    """Ask both the same, in turn."""
    mine, theirs, same = [], [], 0
    index.search(asked[0], 10)
    for question in asked:
        words = ANALYSE(question)
        mine.append(milliseconds(lambda q=question: index.search(q, 10)))
        theirs.append(milliseconds(lambda w=words: np.argpartition(other.get_scores(w), -10)))
        same += same_order(index.search(question, 10), other.get_scores(words))
    report("a question, median", statistics.median(mine), statistics.median(theirs), "ms")
    report("a question, 95th percentile", *(np.quantile(t, 0.95) for t in (mine, theirs)), "ms")
    print(f"same ten, in the same order: {same} of {len(asked)} questions")


def compare_changes(index: InvertedIndex, texts: Texts, okapi_build: float) -> None:
    """Add and remove; rank-bm25 has to build again."""
    adding, removing = [], []
    for n in range(7):
        ids, more = [f"{n}-{m}" for m in range(BATCH)], texts.chunks(BATCH)
        adding.append(milliseconds(lambda i=ids, m=more: index.add(i, m)))
    for n in range(7):
        ids = [f"{n}-{m}" for m in range(BATCH)]
        removing.append(milliseconds(lambda i=ids: index.remove(i)))
    report("add 1,000 chunks (or build)", statistics.median(adding), okapi_build, "ms")
    report("remove 1,000 chunks (or build)", statistics.median(removing), okapi_build, "ms")


def numbers(n: int) -> list[str]:
    """Return ``n`` ids."""
    return [str(number) for number in range(n)]


def report(what: str, ours: float, theirs: float, unit: str) -> None:
    """Print one comparison."""
    print(f"{what:32} {ours:10.2f} {theirs:12.2f} {unit} {theirs / ours:8.1f} x")


def main() -> None:
    """Run the comparison, and time the analyser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=50)
    given = parser.parse_args()
    compare(given.chunks, given.questions)
    text = " ".join(Texts().chunks(1_000))
    seconds = milliseconds(lambda: Analyser("english")(text)) / 1e3
    print(f"analyser, from cold: {len(text) / 1e6 / seconds:.1f} MB/s")


if __name__ == "__main__":
    main()
