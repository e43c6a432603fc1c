"""Compare inference engines: sentence-transformers as it comes against ours, interleaved.

``python -m benchmarks.engines`` times both on the same texts with the same weights, one after the
other in every round, so that a busy machine slows both; judge the ratios. The cross-encoder is the
six-layer MiniLM shape with the embedded weights and a random head, which is the same arithmetic.
Ettin's rerankers are shapes of theirs with random weights and the embedded tokeniser.
`benchmarks.quality` has what the engines cost.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._texts import texts_and_questions
from rag.models.cross import CrossModel
from rag.models.hub import embedded_folder
from rag.models.load import load_cross, load_encoder
from rag.rerank.late_interaction import LateInteraction
from rag.settings import Settings

# layers, size, size of the gated part, heads
ETTIN = {
    "Ettin 17M": (7, 256, 384, 4),
    "Ettin 32M": (10, 384, 576, 6),
    "Ettin 150M": (22, 768, 1152, 12),
}
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
    print_difference("MiniLM", cross, their_cross, pool)
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
    for name, shape in ETTIN.items():
        folder = str(ettin(work / name, *shape))
        own, other = load_cross(settings, folder), CrossEncoder(folder)
        print_difference(name, own, other, pool)
        both = {
            f"{name} 50, sentence-transformers": partial(other.predict, pairs),
            f"{name} 50, {own.engine}": partial(own.judge, [(QUESTION, pool)]),
        }
        report(interleaved(both, rounds))


def print_difference(name: str, own: CrossModel, other: Any, pool: list[str]) -> None:
    """Print how far the two engines' probabilities are apart at most."""
    logits = np.array(own.judge([(QUESTION, pool)])[0].logits)
    theirs = other.predict([(QUESTION, text) for text in pool])
    difference = np.abs(1 / (1 + np.exp(-logits)) - theirs).max()
    print(f"largest difference of a probability, {name}: {difference:.1e}")


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


def ettin(folder: Path, layers: int, size: int, inner: int, heads: int) -> Path:
    """Save a reranker of Ettin's shape with random weights, the same every time."""
    import torch
    from sentence_transformers import CrossEncoder
    from sentence_transformers.base.modules import Dense, Transformer
    from sentence_transformers.sentence_transformer.modules import LayerNorm, Pooling
    from transformers import AutoModel, AutoTokenizer, ModernBertConfig

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(str(embedded_folder()))
    tokens = {"pad_token_id": 0, "bos_token_id": 101, "cls_token_id": 101, "sep_token_id": 102}
    config = ModernBertConfig(
        hidden_size=size, num_hidden_layers=layers, intermediate_size=inner,
        num_attention_heads=heads, vocab_size=len(tokenizer), eos_token_id=102, **tokens,
    )  # fmt: skip
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    dense = Dense(size, size, bias=False, activation_function=torch.nn.GELU())
    last = Dense(size, 1, activation_function=torch.nn.Identity(), module_output_name="scores")
    head = [Pooling(size, pooling_mode="cls"), dense, LayerNorm(size), last]
    CrossEncoder(modules=[Transformer(str(folder)), *head]).save_pretrained(str(folder))
    return folder


if __name__ == "__main__":
    main()
