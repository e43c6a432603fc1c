"""Compare inference engines: sentence-transformers as it comes against ours, interleaved.

``python -m benchmarks.engines`` times both on the same texts with the same weights, one after the
other in every round, so that a busy machine slows both; judge the ratios. The cross-encoder is the
six-layer MiniLM shape with the embedded weights and a random head, which is the same arithmetic.
`benchmarks.quality` has what the engines cost.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._texts import texts_and_questions
from rag.models.hub import embedded_folder
from rag.models.load import load_cross, load_encoder
from rag.rerank.late_interaction import LateInteraction
from rag.settings import Settings

QUESTION = "Which of the two film directors was born in the nineteenth century?"


def main() -> None:
    """Run the measurements that the command line asks for and print them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passages", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        compare_speed(Path(work), options.passages, options.rounds)


def compare_speed(work: Path, count: int, rounds: int) -> None:
    """Print medians and ratios for encoding, cross-encoding and late interaction."""
    from sentence_transformers import CrossEncoder, SentenceTransformer

    settings = Settings(cache=work / "cache", cross_encoder=str(random_head(work / "cross")))
    encoder, cross = load_encoder(settings), load_cross(settings)
    theirs, their_cross = SentenceTransformer(str(embedded_folder())), CrossEncoder(cross.name)
    texts, _ = texts_and_questions(count, 1)
    lengths = encoder.count_tokens(texts)
    print(f"{len(texts)} passages, {statistics.mean(lengths):.0f} tokens on average")
    pool, late = texts[:50], LateInteraction(encoder)
    pairs = [(QUESTION, text) for text in pool]
    logits = np.array(cross.judge([(QUESTION, pool)])[0].logits)
    difference = np.abs(1 / (1 + np.exp(-logits)) - their_cross.predict(pairs)).max()
    print(f"largest difference of a cross-encoder's probability: {difference:.1e}")
    measured = interleaved(
        {
            f"encode {len(texts)}, sentence-transformers": lambda: theirs.encode(texts),
            f"encode {len(texts)}, {encoder.engine}": lambda: encoder.encode(texts),
            "cross-encode 50, sentence-transformers": lambda: their_cross.predict(pairs),
            f"cross-encode 50, {cross.engine}": lambda: cross.judge([(QUESTION, pool)]),
            f"late interaction 50, {encoder.engine}": lambda: late.score(QUESTION, pool),
            f"one question, {encoder.engine}": lambda: encoder.encode_query(QUESTION),
        },
        rounds,
    )
    report(measured)


def interleaved(work: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Run everything once to warm up, then ``rounds`` times in turn; return seconds."""
    for run in work.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def report(measured: Mapping[str, list[float]]) -> None:
    """Print each median and minimum, and how each compares with its yardstick."""
    yardsticks = {
        name.split(",")[0]: times
        for name, times in measured.items()
        if name.endswith("sentence-transformers")
    }
    for name, times in measured.items():
        line = f"{name:45} median {1000 * statistics.median(times):8.1f} ms"
        line += f"  least {1000 * min(times):8.1f} ms"
        yardstick = yardsticks.get(name.split(",")[0], times)
        if yardstick is not times:
            ratios = [a / b for a, b in zip(yardstick, times, strict=True)]
            line += f"  {statistics.median(ratios):.2f} times as fast"
        print(line)


def random_head(folder: Path) -> Path:
    """Save the embedded weights as a cross-encoder with a random head, the same every time."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    torch.manual_seed(0)
    source = str(embedded_folder())
    AutoModelForSequenceClassification.from_pretrained(source, num_labels=1).save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    return folder


if __name__ == "__main__":
    main()
