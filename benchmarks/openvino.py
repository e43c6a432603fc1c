"""OpenVINO beside ONNX Runtime: ``python -m benchmarks.openvino``.

One passage of 150 tokens on one thread, processor time, turn about. Each runs the same network in
the form that suits it: OpenVINO quantises activations by itself where it finds weights in int8.
OpenVINO is no dependency: this needs ``pip install openvino``. It is what the decision against an
extra for it rests on.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]

from benchmarks._report import about_the_run, table
from rag.models.hub import embedded_folder
from rag.models.onnx.calibrate import runtime_for
from rag.models.onnx.exports import WEIGHTS, graph_for, read_json
from rag.models.onnx.graph import Graph, build
from rag.models.onnx.runtime import SLOWER
from rag.models.tokens import Tokens

TOKENS = 150


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    try:
        import openvino  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        print("openvino is not installed, so there is nothing to compare")
        return
    drawn = np.random.default_rng(0).integers(1000, 20_000, (1, TOKENS)).astype(np.int32)
    feed = {"ids": drawn, "types": np.zeros_like(drawn), "lengths": np.array([TOKENS])}
    with tempfile.TemporaryDirectory() as work:
        folder, cache = embedded_folder(), Path(work)
        runtime_for("tried", folder, "hidden", cache, "int8", Tokens(folder))
        exact = graph_for(folder, "hidden", cache)
        small = graph_for(folder, "hidden", cache, list)  # there already, so no sample is needed
        ways = {"ONNX Runtime float32": _onnx(exact, feed), "ONNX Runtime int8": _onnx(small, feed)}
        build(read_json(folder / "config.json"), folder / WEIGHTS, "hidden", cache, _Int8Weights)
        for precision in ("f32", "bf16"):
            ways[f"OpenVINO {precision}"] = _openvino(openvino, exact, feed, precision)
            for group in (128, 384):
                ways[f"OpenVINO int8 by {group}, else {precision}"] = _openvino(
                    openvino, cache / "model.onnx", feed, precision, group
                )
    times = _timed(ways, rounds)
    reference = ways["ONNX Runtime float32"]()
    rows = [
        (name, f"{statistics.median(times[name]) * 1e3:.1f}", f"{_likeness(way(), reference):.4f}")
        for name, way in ways.items()
    ]
    print(f"{about_the_run()}; openvino {openvino.__version__}\n")
    print(table((f"{TOKENS} tokens, one thread", "ms", "cosine with float32"), rows))


def _onnx(graph: Path, feed: dict[str, Any]) -> Callable[[], Any]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(graph), options, disabled_optimizers=SLOWER)
    return lambda: session.run(None, feed)[0]


def _openvino(
    openvino: Any, graph: Path, feed: dict[str, Any], precision: str, group: int = 0
) -> Callable[[], Any]:
    hints = {
        "INFERENCE_PRECISION_HINT": precision,
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(group),
        "INFERENCE_NUM_THREADS": 1,
        "NUM_STREAMS": 1,
    }
    model = openvino.Core().compile_model(str(graph), "CPU", hints)
    request = model.create_infer_request()
    return lambda: request.infer(feed)[model.outputs[0]]


class _Int8Weights(Graph):
    """A graph whose weights are stored in int8 and multiplied as float32, if taken literally."""

    def _matrix_of(self, name: str) -> str:
        matrix = self._matrix(name)
        scales = (np.abs(matrix).max(axis=0) / 127).astype(np.float32)
        values = self._constant(name + ".int8", np.rint(matrix / scales).astype(np.int8))
        zeros = self._constant(name + ".zeros", np.zeros(len(scales), np.int8))
        scaled = self._constant(name + ".scales", scales)
        return self._plain("DequantizeLinear", values, scaled, zeros, axis=1)


def _timed(ways: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(rounds + 1):
        for name, way in ways.items():
            started = time.process_time()
            way()
            if round_:
                times[name].append(time.process_time() - started)
    return times


def _likeness(one: Any, other: Any) -> float:
    a, b = (np.asarray(x)[0].mean(axis=0) for x in (one, other))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


if __name__ == "__main__":
    main()
