"""Cosines of many vectors with one, in 8 bits, with a bound on how wrong each of them can be.

A vector v is kept as the integers nearest to v / scale, -127 to 127, with its scale and the length
e of what they miss; a question q alike, missing d. Then |q·v - q'·v'| <= e|q| + d|v'|, by the
inequality of Cauchy and Schwarz. So a search by these bounds loses nothing: what can be among the
best is known, and only that has to be looked at in full. For few vectors q itself is multiplied
with v', and only e|q| remains.

The product of bytes reads a quarter of what floats take, and a processor does four times as many
at once: 2 ms for 100,000 vectors of 384 on one core, where numpy takes 6 in floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

CAPACITY = 8192  # vectors a block
STEPS = 127
# Sums of two products stay within 16 bits so: processors without VNNI add them up there.
ASKED_STEPS = 63
ASKED_ZERO = 64
ROUNDING = 1e-5  # what float32 itself may add to any of these sums

Floats = NDArray[np.float32]


class Bounds:
    """Vectors that can be added to, each with the number of its place, from 0.

    One thread may add while others ask; those see what was there when they began.
    """

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._blocks: list[_Block] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def bytes(self) -> int:
        """Return the memory taken."""
        return len(self._blocks) * CAPACITY * (self._dimension + 16)

    def add(self, vectors: Floats) -> None:
        """Add vectors (n, dimension)."""
        while len(vectors):
            used = self._count % CAPACITY
            if used == 0:
                self._blocks.append(_Block(self._dimension))
            part = vectors[: CAPACITY - used]
            self._blocks[-1].write(used, part)
            self._count += len(part)
            vectors = vectors[len(part) :]

    def of(self, vector: Floats) -> tuple[Floats, Floats]:
        """Return the least and the greatest that each cosine with ``vector`` can be: (n,) both."""
        count = self._count
        codes, scale, missed = _codes(vector, ASKED_STEPS)
        asked = (codes + ASKED_ZERO).astype(np.uint8)[None, :]
        blocks = self._blocks[: -(-count // CAPACITY)]
        products = _together([block.products(asked) for block in blocks], count)
        scales, lengths, errors = (
            _together([getattr(block, name) for block in blocks], count)
            for name in ("scales", "lengths", "errors")
        )
        near = np.asarray(products * (scales * scale), np.float32)
        slack = np.asarray(
            errors * np.linalg.norm(vector) + lengths * missed + ROUNDING, np.float32
        )
        return near - slack, near + slack

    def closer(self, vector: Floats, rows: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Return closer bounds for the vectors at ``rows`` (ascending): (len(rows),) both."""
        least, most = [], []
        for number in range(len(self._blocks)):
            first, last = np.searchsorted(rows, (number * CAPACITY, (number + 1) * CAPACITY))
            near, slack = self._blocks[number].near(vector, rows[first:last] - number * CAPACITY)
            least.append(near - slack)
            most.append(near + slack)
        return np.concatenate(least), np.concatenate(most)


class _Block:
    """Up to `CAPACITY` vectors, in columns."""

    def __init__(self, dimension: int) -> None:
        self._codes = np.zeros((dimension, CAPACITY), np.int8)
        self._zero = np.zeros(CAPACITY, np.int32)
        self.scales = np.zeros(CAPACITY, np.float32)
        self.lengths = np.zeros(CAPACITY, np.float32)
        self.errors = np.zeros(CAPACITY, np.float32)

    def write(self, first: int, vectors: Floats) -> None:
        columns = slice(first, first + len(vectors))
        codes, scales, errors = _codes(vectors, STEPS)
        self._codes[:, columns] = codes.T
        self._zero[columns] = ASKED_ZERO * codes.sum(axis=1, dtype=np.int32)
        self.scales[columns], self.errors[columns] = scales, errors
        self.lengths[columns] = scales * np.linalg.norm(codes.astype(np.float32), axis=1)

    def products(self, asked: NDArray[np.uint8]) -> NDArray[np.int32]:
        given = {"asked": asked, "codes": self._codes}
        products: NDArray[np.int32] = _multiplier().run(None, given)[0][0]
        return products - self._zero

    def near(self, vector: Floats, columns: NDArray[np.intp]) -> tuple[Floats, Floats]:
        codes = self._codes[:, columns].astype(np.float32)
        slack = self.errors[columns] * np.float32(np.linalg.norm(vector)) + np.float32(ROUNDING)
        return (vector @ codes) * self.scales[columns], slack


def _codes(vectors: Floats, steps: int) -> tuple[NDArray[np.int8], Any, Any]:
    """Return each vector's integers, their scale, and the length of what they miss."""
    largest = np.abs(vectors).max(axis=-1, keepdims=True)
    scales = np.maximum(largest, np.finfo(np.float32).tiny * steps) / np.float32(steps)
    codes = np.rint(vectors / scales)
    missed = np.linalg.norm(vectors - codes * scales, axis=-1)
    return codes.astype(np.int8), scales[..., 0], missed


def _together(parts: Sequence[NDArray[Any]], count: int) -> NDArray[Any]:
    """Return the first ``count`` values of all blocks."""
    return np.concatenate(parts)[:count] if parts else np.zeros(0, np.float32)


@cache
def _multiplier() -> Any:
    """Return an ONNX Runtime session that multiplies bytes; numpy has no such product."""
    import onnxruntime  # type: ignore[import-untyped]
    from onnx import TensorProto, helper

    inputs = [
        helper.make_tensor_value_info("asked", TensorProto.UINT8, [1, "dimension"]),
        helper.make_tensor_value_info("codes", TensorProto.INT8, ["dimension", "n"]),
    ]
    output = helper.make_tensor_value_info("products", TensorProto.INT32, [1, "n"])
    node = helper.make_node("MatMulInteger", ["asked", "codes"], ["products"])
    graph = helper.make_graph([node], "products", inputs, [output])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(made.SerializeToString(), options, ["CPUExecutionProvider"])
