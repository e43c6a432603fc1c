"""Ten people asking at once against one: questions a second, and how long each waits.

``python -m benchmarks.concurrency`` searches, reranks and begins to answer over 400 texts, with
late interaction over kept token vectors (the default), and with late interaction that encodes every
candidate, which keeps the processors busy. Calls of the models are served in order, so ten people
wait in a queue of ten and the work gets no slower.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks._report import about_the_run, percentile, table, write
from benchmarks._texts import texts_and_questions
from benchmarks.systems.ranklens import System
from rag.models.hub import embedded_folder


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    texts, questions = texts_and_questions(options.texts, options.questions)
    with tempfile.TemporaryDirectory() as work:
        system = System(Path(work) / "library", embedded_folder(), Path(work))
        system.ingest(texts)
        rows = list(range(min(50, len(texts))))
        ways: dict[str, Callable[[str], object]] = {
            "first token, kept vectors": system.first_token,
            "late interaction, encoding 50": lambda q: system.rerank_late_encoding(q, rows),
        }
        lines = [
            (name, str(people), *_asked(ask, questions[: 60 if "kept" in name else 20], people))
            for name, ask in ways.items()
            for people in (1, options.people)
        ]
    text = table(("what", "people", "a second", "p50 ms", "p95 ms"), lines)
    print(f"{about_the_run()}\n\n{text}")
    if options.write:
        write("concurrency", f"{about_the_run()}\n\n{text}")


def _asked(ask: Callable[[str], object], questions: list[str], people: int) -> tuple[str, ...]:
    """Let so many people ask in turn; return questions a second and the waiting times."""

    def timed(question: str) -> float:
        start = time.perf_counter()
        ask(question)
        return 1000 * (time.perf_counter() - start)

    timed(questions[0])
    start = time.perf_counter()
    with ThreadPoolExecutor(people) as pool:
        waits = list(pool.map(timed, questions))
    rate = len(questions) / (time.perf_counter() - start)
    return f"{rate:.1f}", f"{statistics.median(waits):.0f}", f"{percentile(waits, 0.95):.0f}"


if __name__ == "__main__":
    main()
