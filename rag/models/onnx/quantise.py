"""Write a graph whose large products run in int8, smoothed by what typical texts give.

Activations of a few channels are tens of times larger than the rest, and one scale for all of them
costs the small ones their precision. So each channel's range is moved in part from the activations
into the weights (Xiao et al., "SmoothQuant", ICML 2023), and weights get a scale for every output.
Behind GELU tokens differ more than channels: there each is divided by its token's largest instead.
Embeddings, attention itself, normalisation and heads stay in float32.

Measured with all-MiniLM-L6-v2 against float32: smallest cosine of a passage's vector 0.9987 (0.9914
with plain dynamic int8), 0.38 of the processor time. ``docs/performance.md`` has the rankings.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper
from tokenizers import Encoding

from rag.models.onnx.engine import largest_weight
from rag.models.onnx.graph import Graph, Weights
from rag.models.onnx.networks import build
from rag.models.onnx.recipe import Output, length_limit
from rag.models.onnx.runtime import Runtime
from rag.models.tokens import Tokens

SAMPLES = Path(__file__).with_name("samples.tsv")  # question, passage
LENGTH = 192  # tokens of a sample at most
SHARE = 0.65  # of a channel's range that moves into the weights
TINY = 1e-5
FLOOR = 0.2  # below this largest activation a token is not scaled up further
Ranges = Mapping[str, NDArray[np.float32]]


def build_int8(model: Path, output: Output, folder: Path) -> None:
    """Write ``model.onnx`` and ``weights.bin`` as `rag.models.onnx.networks.build` does, in int8.

    Raises `ModelError` as `build` does.
    """
    ranges = _ranges(model, output, folder)
    build(model, output, folder, partial(_Int8Graph, ranges=ranges))


class _TappedGraph(Graph):
    """A graph that also gives the input of every product in its layers, by the product's name."""

    def __init__(self, weights: Weights, data: BinaryIO) -> None:
        super().__init__(weights, data)
        self._taps: list[str] = []

    def model(self, last: str, output: Output, typed: bool) -> ModelProto:
        made = super().model(last, output, typed)
        for name in self._taps:
            made.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
        return made

    def linears(self, names: Sequence[str], state: str) -> list[str]:
        if _in_layer(names[0]):
            self.nodes.append(helper.make_node("Identity", [state], [names[0]]))
            self._taps.append(names[0])
        return super().linears(names, state)


class _Int8Graph(Graph):
    """A graph whose layers multiply in int8."""

    def __init__(self, weights: Weights, data: BinaryIO, ranges: Ranges) -> None:
        super().__init__(weights, data)
        self._ranges = ranges

    def gelu(self, state: str) -> str:
        # By tanh instead of erf: a quarter less time, and off by less than int8's rounding.
        return self.fused("FastGelu", state)

    def linears(self, names: Sequence[str], state: str) -> list[str]:
        if not _in_layer(names[0]):
            return super().linears(names, state)
        if names[0].endswith(".output.dense") and ".attention." not in names[0]:
            return [self._by_token(name, state) for name in names]
        matrices = [self.matrix(name) for name in names]
        smooth = _smoothing(self._ranges[names[0]], np.concatenate(matrices, axis=1))
        state = self.plain("Mul", state, self.constant(names[0] + ".smooth", 1 / smooth))
        values, step, zero = (f"{names[0]}.{part}" for part in ("values", "step", "zero"))
        self.nodes.append(helper.make_node("DynamicQuantizeLinear", [state], [values, step, zero]))
        made = []
        for name, matrix in zip(names, matrices, strict=True):
            weights, scales = self._int8(name, matrix * smooth[:, None])
            product = (values, weights, step, scales, zero, "", self.weight(name + ".bias"))
            made.append(self.fused("MatMulIntegerToFloat", *product))
        return made

    def _by_token(self, name: str, state: str) -> str:
        """Apply a linear layer to activations that are divided by their token's largest first."""
        axis = self.constant(name + ".axis", np.array([-1]))
        floor = self.constant(name + ".floor", np.array(FLOOR, np.float32))
        largest = self.plain("ReduceMax", state, axis, keepdims=1)
        scale = self.plain("Max", largest, floor)
        # A product with the reciprocal takes two thirds of the time of a division.
        divided = self.plain("Mul", state, self.plain("Reciprocal", scale))
        product = self.fused("DynamicQuantizeMatMul", divided, *self._int8(name, self.matrix(name)))
        return self.plain("Add", self.plain("Mul", product, scale), self.weight(name + ".bias"))

    def _int8(self, name: str, matrix: NDArray[np.float32]) -> tuple[str, str]:
        """Store a matrix (in, out) in int8 and a scale for each output."""
        largest = np.maximum(np.abs(matrix).max(axis=0), TINY)
        scales = (largest / largest_weight()).astype(np.float32)
        values = np.rint(matrix / scales).astype(np.int8)
        return self.constant(name + ".int8", values), self.constant(name + ".scales", scales)


def _smoothing(largest: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a factor for each input channel; their geometric mean is 1."""
    ranges = np.maximum(largest, TINY) ** SHARE
    ranges = ranges / np.maximum(np.abs(matrix).max(axis=1), TINY) ** (1 - SHARE)
    factors: NDArray[np.float32] = (ranges / np.exp(np.log(ranges).mean())).astype(np.float32)
    return factors


def _ranges(model: Path, output: Output, folder: Path) -> Ranges:
    """Return the largest absolute activation of each channel over the samples, by product."""
    work = Path(tempfile.mkdtemp(dir=folder, prefix="ranges-"))
    try:
        build(model, output, work, _TappedGraph)
        tapped = Runtime(work / "model.onnx")
        largest: dict[str, NDArray[np.float32]] = {}
        for sample in _samples(model, output):
            for name, values in tapped.every_output(sample).items():
                now = np.abs(values).max(axis=tuple(range(values.ndim - 1)))
                largest[name] = np.maximum(largest.get(name, now), now)
        return largest
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _samples(model: Path, output: Output) -> list[Encoding]:
    """Return typical inputs: passages, or questions each with its own and with another passage."""
    tokens, limit = Tokens(model), min(LENGTH, length_limit(model))
    rows = [line.split("\t") for line in SAMPLES.read_text("utf-8").splitlines()]
    if output == "hidden":
        return [tokens.single(one, limit) for one in tokens.bare([passage for _, passage in rows])]
    pairs = [
        tokens.bare([question, passage])
        for i, (question, own) in enumerate(rows)
        for passage in (own, rows[i - 1][1])
    ]
    limit -= tokens.around_pair
    return [tokens.pair(question, passage, limit - len(question)) for question, passage in pairs]


def _in_layer(name: str) -> bool:
    return name.startswith("encoder.layer.")
