"""Compare inference engines: sentence-transformers as it comes against ours, interleaved.

``python -m benchmarks.engines`` times both on the same texts with the same weights, one after the
other in every round, so that a busy machine slows both; judge the ratios. The cross-encoder is the
six-layer MiniLM shape with the embedded weights and a random head, which is the same arithmetic.
``--quality`` adds nDCG@10 of float32 and int8 (dynamic, per channel) as encoders over a BEIR-like
folder (``corpus.jsonl.gz``, ``queries.jsonl.gz``, ``qrels.tsv``).
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rag.models.cross import load_cross
from rag.models.encoder import Encoder, load_encoder
from rag.models.graphs import graph_for
from rag.models.hub import embedded_folder
from rag.models.onnx_encoder import OnnxEncoder
from rag.models.runtime import Runtime
from rag.rerank.late_interaction import LateInteraction
from rag.settings import Settings

QUESTION = "Which of the two film directors was born in the nineteenth century?"
PASSAGE_TOKENS = 150


def main() -> None:
    """Run the measurements that the command line asks for and print them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/hotpotqa"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passages", type=int, default=100)
    parser.add_argument("--quality", action="store_true", help="nDCG@10 of float32 and int8")
    parser.add_argument("--questions", type=int, default=0, help="how many for --quality; 0 is all")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        if options.quality:
            compare_quality(Path(work), options.data, options.questions)
        else:
            compare_speed(Path(work), options.data, options.passages, options.rounds)


def compare_speed(work: Path, data: Path, count: int, rounds: int) -> None:
    """Print medians and ratios for encoding, cross-encoding and late interaction."""
    from sentence_transformers import CrossEncoder, SentenceTransformer

    settings = Settings(cache=work / "cache", cross_encoder=str(random_head(work / "cross")))
    encoder, cross = load_encoder(settings), load_cross(settings)
    theirs, their_cross = SentenceTransformer(str(embedded_folder())), CrossEncoder(cross.name)
    texts = passages(data, encoder, count)
    lengths = encoder.count_tokens(texts)
    print(f"{len(texts)} passages, {statistics.mean(lengths):.0f} tokens on average")
    pool, late = texts[:50], LateInteraction(encoder)
    pairs = [(QUESTION, text) for text in pool]
    difference = np.abs(
        np.array(cross.judge(QUESTION, pool).probabilities) - their_cross.predict(pairs)
    ).max()
    print(f"largest difference of a cross-encoder's probability: {difference:.1e}")
    measured = interleaved(
        {
            f"encode {len(texts)}, sentence-transformers": lambda: theirs.encode(texts),
            f"encode {len(texts)}, {encoder.engine}": lambda: encoder.encode(texts),
            "cross-encode 50, sentence-transformers": lambda: their_cross.predict(pairs),
            f"cross-encode 50, {cross.engine}": lambda: cross.judge(QUESTION, pool),
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


def compare_quality(work: Path, data: Path, questions: int) -> None:
    """Print nDCG@10 of dense retrieval and seconds of encoding, float32 and int8."""
    corpus = list(read_lines(data / "corpus.jsonl.gz"))
    asked = list(read_lines(data / "queries.jsonl.gz"))[: questions or None]
    gold = read_gold(data / "qrels.tsv")
    for encoder in (load_encoder(Settings(cache=work)), Int8Encoder(work, leave=())):
        start = time.process_time()
        vectors = encoder.encode([f"{row['title']}\n{row['text']}" for row in corpus])
        seconds = time.process_time() - start
        gains = []
        for question in asked:
            best = np.argsort(-(vectors @ encoder.encode_query(question["text"])))[:10]
            gains.append(ndcg([corpus[i]["_id"] for i in best], gold[question["_id"]]))
        mean = statistics.mean(gains)
        print(f"{encoder.engine:30} nDCG@10 {mean:.4f}  {seconds:.0f} s of processor", flush=True)


class Int8Encoder(OnnxEncoder):
    """The embedded encoder in dynamic int8, per channel; ``leave`` names layers left in float."""

    def __init__(self, work: Path, leave: tuple[str, ...]) -> None:
        super().__init__("all-MiniLM-L6-v2", embedded_folder(), work)
        self._runtime = Runtime(quantised(graph_for(embedded_folder(), "hidden", work), leave))
        self.engine = "onnx int8 per channel" + (f" but {', '.join(leave)}" if leave else "")


def quantised(graph: Path, leave: tuple[str, ...]) -> Path:
    """Quantise a graph beside itself; nodes whose weight's name holds a ``leave`` stay float."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    nodes = onnx.load(str(graph), load_external_data=False).graph.node
    for index, node in enumerate(nodes):
        node.name = node.name or str(index)
    target = graph.with_name("int8.onnx")
    kept = [n.name for n in nodes if any(part in name for name in n.input for part in leave)]
    quantize_dynamic(
        str(graph),
        str(target),
        weight_type=QuantType.QInt8,
        per_channel=True,
        nodes_to_exclude=kept,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )
    return target


def random_head(folder: Path) -> Path:
    """Save the embedded weights as a cross-encoder with a random head."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    source = str(embedded_folder())
    AutoModelForSequenceClassification.from_pretrained(source, num_labels=1).save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    return folder


def passages(data: Path, encoder: Encoder, count: int) -> list[str]:
    """Join paragraphs of a corpus until each passage has about as many tokens as a chunk."""
    made, parts, tokens = [], [], 0
    for row in read_lines(data / "corpus.jsonl.gz"):
        parts.append(row["text"])
        tokens += encoder.count_tokens([row["text"]])[0]
        if tokens >= PASSAGE_TOKENS:
            made.append(" ".join(parts))
            parts, tokens = [], 0
        if len(made) == count:
            break
    return made


def ndcg(found: list[str], gold: Mapping[str, int], depth: int = 10) -> float:
    """Return nDCG with linear gains, as trec_eval has it."""
    gains = [gold.get(name, 0) for name in found[:depth]]
    best = sorted(gold.values(), reverse=True)[:depth]
    return _discounted(gains) / _discounted(best)


def _discounted(gains: list[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def read_lines(path: Path) -> Iterator[dict[str, str]]:
    """Yield the objects of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def read_gold(path: Path) -> dict[str, dict[str, int]]:
    """Return question id -> passage id -> grade from a tab-separated file with a header."""
    gold: dict[str, dict[str, int]] = {}
    for line in path.read_text("utf-8").splitlines()[1:]:
        question, passage, grade = line.split("\t")
        gold.setdefault(question, {})[passage] = int(grade)
    return gold


if __name__ == "__main__":
    main()
