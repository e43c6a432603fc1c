"""Write a graph whose large products run in int8, smoothed by calibration.

Activations of a few channels are tens of times larger than the rest, and one scale for all of them
costs the small ones their precision. So each channel's range is moved in part from the activations
into the weights (Xiao et al., "SmoothQuant", ICML 2023), weights get a scale for every output, and
the activations of each feed-forward output are first divided by their token's largest. Embeddings,
attention itself, normalisation and heads stay in float32.

Measured with all-MiniLM-L6-v2 against float32: smallest cosine of a passage's vector 0.9988 (0.9914
with plain dynamic int8), half the processor time. ``docs/performance.md`` has the rankings.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper
from tokenizers import Encoding

from rag.models.graph import Graph, Output, Weights, build
from rag.models.runtime import Runtime

SHARE = 0.65  # of a channel's range that moves into the weights
TINY = 1e-5
FLOOR = 0.2  # below this largest activation a token is not scaled up further
Ranges = Mapping[str, NDArray[np.float32]]


def build_int8(
    config: Mapping[str, Any],
    weights: Path,
    output: Output,
    folder: Path,
    samples: Sequence[Encoding],
) -> None:
    """Write ``model.onnx`` and ``weights.bin`` as `rag.models.graph.build` does, in int8.

    ``samples`` are typical inputs, from which the activations' ranges are taken. Raises
    `ModelError` as `build` does.
    """
    ranges = _ranges(config, weights, output, folder, samples)
    build(config, weights, output, folder, partial(_Int8Graph, ranges=ranges))


class _TappedGraph(Graph):
    """A graph that also gives the input of every product in its layers, by the product's name."""

    def __init__(self, config: Mapping[str, Any], weights: Weights, data: BinaryIO) -> None:
        super().__init__(config, weights, data)
        self._taps: list[str] = []

    def model(self, output: Output) -> ModelProto:
        made = super().model(output)
        for name in self._taps:
            made.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
        return made

    def _product(self, name: str, matrix: NDArray[np.float32], state: str) -> str:
        if _in_layer(name):
            self.nodes.append(helper.make_node("Identity", [state], [name]))
            self._taps.append(name)
        return super()._product(name, matrix, state)


class _Int8Graph(Graph):
    """A graph whose layers multiply in int8."""

    def __init__(
        self, config: Mapping[str, Any], weights: Weights, data: BinaryIO, ranges: Ranges
    ) -> None:
        super().__init__(config, weights, data)
        self._ranges = ranges

    def _product(self, name: str, matrix: NDArray[np.float32], state: str) -> str:
        if not _in_layer(name):
            return super()._product(name, matrix, state)
        smooth = _smoothing(self._ranges[name], matrix)
        state = self._plain("Mul", state, self._constant(name + ".smooth", 1 / smooth))
        if ".attention." in name or not name.endswith(".output.dense"):
            return self._quantised(name, matrix * smooth[:, None], state)
        largest = self._plain("ReduceMax", state, axes=[-1], keepdims=1)
        floor = self._constant(name + ".floor", np.array(FLOOR, np.float32))
        scale = self._plain("Max", largest, floor)
        product = self._quantised(name, matrix * smooth[:, None], self._plain("Div", state, scale))
        return self._plain("Mul", product, scale)

    def _quantised(self, name: str, matrix: NDArray[np.float32], state: str) -> str:
        scales = (np.maximum(np.abs(matrix).max(axis=0), TINY) / 127).astype(np.float32)
        return self._fused(
            "DynamicQuantizeMatMul",
            state,
            self._constant(name + ".int8", np.rint(matrix / scales).astype(np.int8)),
            self._constant(name + ".scales", scales),
        )


def _smoothing(largest: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a factor for each input channel; their geometric mean is 1."""
    ranges = np.maximum(largest, TINY) ** SHARE
    ranges = ranges / np.maximum(np.abs(matrix).max(axis=1), TINY) ** (1 - SHARE)
    factors: NDArray[np.float32] = (ranges / np.exp(np.log(ranges).mean())).astype(np.float32)
    return factors


def _ranges(
    config: Mapping[str, Any],
    weights: Path,
    output: Output,
    folder: Path,
    samples: Sequence[Encoding],
) -> Ranges:
    """Return the largest absolute activation of each channel, by product."""
    work = Path(tempfile.mkdtemp(dir=folder, prefix="ranges-"))
    try:
        build(config, weights, output, work, _TappedGraph)
        tapped = Runtime(work / "model.onnx")
        largest: dict[str, NDArray[np.float32]] = {}
        for sample in samples:
            for name, values in tapped.every_output(sample).items():
                now = np.abs(values).max(axis=tuple(range(values.ndim - 1)))
                largest[name] = np.maximum(largest.get(name, now), now)
        return largest
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _in_layer(name: str) -> bool:
    return name.startswith("encoder.layer.")
