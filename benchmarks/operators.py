"""Where a model's time goes, by operator: ``python -m benchmarks.operators``.

One passage of 150 tokens on one thread, by ONNX Runtime's own profile of each engine's graph: the
median of every node over the rounds, added up. It is what the limit in ``docs/performance.md``
rests on.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]

from benchmarks._report import about_the_run, table
from rag.models.hub import embedded_folder
from rag.models.onnx.calibrate import runtime_for
from rag.models.onnx.exports import graph_for
from rag.models.onnx.runtime import SLOWER
from rag.models.tokens import Tokens

TOKENS = 150
KINDS = {
    "matrix products, with quantising their inputs": (
        "MatMul",
        "MatMulIntegerToFloat",
        "DynamicQuantizeMatMul",
        "DynamicQuantizeLinear",
    ),
    "attention": ("Attention",),
    "GELU": ("Gelu", "BiasGelu", "FastGelu"),
    "normalisation and residuals": ("LayerNormalization", "EmbedLayerNormalization", "Add"),
}
REST = "smoothing and scaling"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as work:
        folder, cache = embedded_folder(), Path(work)
        runtime_for("tried", folder, "hidden", cache, "int8", Tokens(folder))
        graphs = {
            "float32": graph_for(folder, "hidden", cache),
            "int8": graph_for(folder, "hidden", cache, list),  # there already: takes no sample
        }
        found = {name: _by_kind(path, cache, rounds) for name, path in graphs.items()}
    rows = [
        (kind, *(f"{ms[kind]:.2f} ({ms[kind] / sum(ms.values()):.0%})" for ms in found.values()))
        for kind in (*KINDS, REST)
    ]
    rows.append(("together", *(f"{sum(ms.values()):.2f}" for ms in found.values())))
    print(f"{about_the_run()}\n")
    print(table((f"{TOKENS} tokens, one thread, ms", *found), rows))


def _by_kind(graph: Path, work: Path, rounds: int) -> dict[str, float]:
    """Return milliseconds a pass by kind of operator."""
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for event in json.loads(_profile(graph, work, rounds).read_text("utf-8")):
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            times[event["args"]["op_name"], event["name"]].append(event["dur"] / 1000)
    kind_of = {operator: kind for kind, operators in KINDS.items() for operator in operators}
    sums = dict.fromkeys((*KINDS, REST), 0.0)
    for (operator, _), milliseconds in times.items():
        sums[kind_of.get(operator, REST)] += statistics.median(milliseconds)
    return sums


def _profile(graph: Path, work: Path, rounds: int) -> Path:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_profiling = True
    options.profile_file_prefix = str(work / graph.parent.name)
    session = onnxruntime.InferenceSession(str(graph), options, disabled_optimizers=SLOWER)
    drawn = np.random.default_rng(0).integers(1000, 20_000, (1, TOKENS)).astype(np.int32)
    feed = {"ids": drawn, "types": np.zeros_like(drawn), "lengths": np.array([TOKENS])}
    for _ in range(rounds):
        session.run(None, feed)
    return Path(session.end_profiling())


if __name__ == "__main__":
    main()
